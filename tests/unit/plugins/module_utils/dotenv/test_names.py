"""Names that load code are refused in a `.env`, by their group, and nothing that applications are told is."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._dotenv.grammar import DotenvError, check, parse, render
from ansible_collections.slipway.fastapi.plugins.module_utils._dotenv.names import HARMLESS_PYTHON, refusal

REFUSED = {
    "LD_PRELOAD": "dynamic loader",
    "LD_LIBRARY_PATH": "dynamic loader",
    "LD_AUDIT": "dynamic loader",
    "GLIBC_TUNABLES": "dynamic loader",
    "GCONV_PATH": "dynamic loader",
    "MALLOC_TRACE": "dynamic loader",
    "PYTHONPATH": "what Python loads",
    "PYTHONHOME": "what Python loads",
    "PYTHONSTARTUP": "what Python loads",
    # Its categories and `breakpoint()` import modules by name.
    "PYTHONWARNINGS": "what Python loads",
    "PYTHONBREAKPOINT": "what Python loads",
    "PYTHONINSPECT": "what Python loads",
    "PYTHONUSERBASE": "what Python loads",
    "PYTHONPYCACHEPREFIX": "what Python loads",
    "PATH": "which programs",
    "UVICORN_LOG_CONFIG": "an option of uvicorn",
    "UVICORN_RELOAD": "an option of uvicorn",
    "SLIPWAY_APP": "of Slipway's own",
    "BASH_ENV": "a shell run commands",
    "SHELLOPTS": "a shell run commands",
    "PS4": "a shell run commands",
    "OPENSSL_CONF": "OpenSSL loads",
    "NODE_OPTIONS": "another interpreter",
    "PERL5OPT": "another interpreter",
    "RUBYOPT": "another interpreter",
    "JAVA_TOOL_OPTIONS": "another interpreter",
}
ALLOWED = [
    *sorted(HARMLESS_PYTHON),
    # Of the services that are brought here, and of common ones.
    *("DATABASE_URL", "S3_BUCKET", "TAVILY_API_KEY", "GEMINI_API_KEY", "AWS_REGION", "ENV", "HOME", "TMPDIR", "TZ"),
    *("HTTPS_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS"),
    # Numbers for the C library's allocator.
    *("MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_"),
    # Only those names, not what resembles them.
    *("ld_preload", "OLD_PATH", "PATHS", "MY_PYTHONPATH", "LDAP_URL", "UVICORNS", "APP_SLIPWAY_X"),
]


@pytest.mark.parametrize(("name", "why"), REFUSED.items())
def test_a_name_that_loads_code_is_refused_with_its_reason(name: str, why: str) -> None:
    with pytest.raises(DotenvError) as caught:
        parse(f"A=1\n{name}=hunter2\n".encode())
    (problem,) = caught.value.problems
    assert (problem.line, problem.key) == (2, name)
    assert why in problem.why
    assert "hunter2" not in str(caught.value)
    assert len(check({name: "x"})) == 1
    with pytest.raises(DotenvError, match=name):
        render({name: "x"})


@pytest.mark.parametrize("name", ALLOWED)
def test_a_name_that_tells_an_application_something_is_taken(name: str) -> None:
    assert refusal(name) is None
    assert parse(f"{name}=1\n".encode()) == {name: "1"}
