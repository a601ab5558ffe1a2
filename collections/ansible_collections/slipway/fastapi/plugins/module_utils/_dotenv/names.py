"""Names of variables that a `.env` must not set, because they decide which code a process loads and runs.

A service's `.env` says what its application is told. Which libraries, modules and options the process starts with is
the unit's business and the artifact's: whoever may write a parameter must not be able to run code by it, and a name
that is set by mistake must not keep the service from starting. Each group names where its rule comes from.

Only the standard library is used, and Python 3.9 is enough.
"""

from __future__ import annotations

import re
from typing import Optional

HARMLESS_PYTHON = frozenset(
    f"PYTHON{name}"
    for name in (
        "UNBUFFERED",
        "DONTWRITEBYTECODE",
        "UTF8",
        "IOENCODING",
        "COERCECLOCALE",
        "HASHSEED",
        "INTMAXSTRDIGITS",
        "FAULTHANDLER",
        "ASYNCIODEBUG",
        "DEVMODE",
        "OPTIMIZE",
        "MALLOC",
        "MALLOCSTATS",
        "TRACEMALLOC",
        "NODEBUGRANGES",
        "PROFILEIMPORTTIME",
        "VERBOSE",
        "_CPU_COUNT",
        "_GIL",
        "_JIT",
    )
)
"""Those of Python's own that name neither code nor a place to look for it ("Environment variables" in python(1))."""

_APPLICATION = "set it in the application's code, or under a name of the application's own"
_REFUSED: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(r"LD_\w*|GLIBC_TUNABLES|GCONV_PATH|GETCONF_DIR|LOCPATH|NLSPATH|MALLOC_TRACE|RESOLV_HOST_CONF"),
        "decides what the dynamic loader or the C library reads (ld.so(8); glibc drops it for privileged programs)",
        "bring libraries with the application's packages",
    ),
    (
        re.compile(r"PYTHON\w*"),
        "changes what Python loads or runs when it starts (python(1))",
        "put modules into the artifact; PYTHONUNBUFFERED and others that load nothing may be set (docs/dotenv.md)",
    ),
    (
        re.compile(r"PATH"),
        "decides which programs the service runs, and the unit sets it",
        "call a program by its whole path",
    ),
    (
        re.compile(r"UVICORN_\w*"),
        "is an option of uvicorn, which the unit starts (uvicorn reads each of its options from such a variable)",
        _APPLICATION,
    ),
    (
        re.compile(r"SLIPWAY_\w*"),
        "is a name of Slipway's own, by which the unit starts the release",
        "choose another name",
    ),
    (
        re.compile(r"BASH_ENV|BASH_FUNC_\w*|BASHOPTS|SHELLOPTS|PS4"),
        "makes a shell run commands of its value (bash(1))",
        _APPLICATION,
    ),
    (
        re.compile(r"OPENSSL_(CONF|ENGINES|MODULES)"),
        "decides which libraries OpenSSL loads (openssl-env(7))",
        "set what is needed of TLS in the application's code; SSL_CERT_FILE may be set",
    ),
    (
        re.compile(
            r"NODE_(OPTIONS|PATH)|PERL(5OPT|5LIB|5DB|LIB)|RUBY(OPT|LIB)|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|_JAVA_OPTIONS|CLASSPATH"
        ),
        "decides what another interpreter loads when it starts",
        "give it to that program where the application starts it",
    ),
)


def refusal(name: str) -> Optional[tuple[str, str]]:  # noqa: UP045 - hosts have Python 3.9
    """Why a variable must not be set and what to do instead; None for one that may be."""
    if name in HARMLESS_PYTHON:
        return None
    return next(((why, fix) for pattern, why, fix in _REFUSED if pattern.fullmatch(name)), None)
