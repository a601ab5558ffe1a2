"""Builds a release's virtual environment with uv, as an account that owns nothing else."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

CA_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu
    "/etc/pki/tls/certs/ca-bundle.crt",  # Amazon Linux, Fedora
)
PASSED_ON = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy")
"""What a task's `environment` may say about the way to the package index."""
OLDEST_UVICORN = (0, 22)
"""The first that ends its open connections in bounded time (`--timeout-graceful-shutdown`), which the unit asks for."""
NEEDED_UVICORN = "hosts start the service with uvicorn 0.22 or later; raise its version there"
EXPLANATION = 6000
"""Characters of uv's own words in an error: its last ones hold the conclusion."""


class BuildError(Exception):
    """The environment cannot be built; the text has uv's explanation and the fix."""


@dataclass(frozen=True)
class Account:
    """The unprivileged account that runs uv, and later the service."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Builder:
    """How environments are built on this host."""

    uv: str
    python: str
    """Interpreter that the service will run with."""
    account: Account
    cache: Path
    """uv's cache, and the home of what runs here: a directory of the account's own outside every release."""
    wheels_only: bool = True
    timeout: float = 900
    """Seconds for each of uv's steps."""
    keep_open: Sequence[int] = field(default_factory=tuple)
    """File descriptors that uv inherits: the lock stays held while a uv outlives this process."""

    def run(self, argv: Sequence[str], purpose: str, cwd: Path) -> str:
        """Runs a command as the account and returns what it printed.

        Raises:
            BuildError: it failed or took too long.
        """
        # Changing to the account that one is already is refused to all but root.
        same = os.geteuid() == self.account.uid
        with subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            pass_fds=tuple(self.keep_open),
            start_new_session=True,
            umask=0o022,
            user=None if same else self.account.uid,
            group=None if same else self.account.gid,
            extra_groups=None if same else [],
        ) as process:
            try:
                output, errors = process.communicate(timeout=self.timeout)
            except BaseException as error:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                if isinstance(error, subprocess.TimeoutExpired):
                    raise BuildError(
                        f"{purpose} took more than {self.timeout:.0f} s: "
                        "see whether this host reaches its package index, or raise build_timeout"
                    ) from error
                raise
        if process.returncode != 0:
            raise BuildError(f"{purpose} failed:\n{(errors or output).strip()[-EXPLANATION:]}")
        return output

    def _environment(self) -> dict[str, str]:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment.update(
            PATH="/usr/local/bin:/usr/bin:/bin",
            HOME=str(self.cache),
            LANG="C.UTF-8",
            UV_CACHE_DIR=str(self.cache / "uv"),
            # A hard link to the cache would leave a door into a release that only root should change.
            UV_LINK_MODE="copy",
            UV_PYTHON_DOWNLOADS="never",
            UV_NO_PROGRESS="1",
        )
        # uv brings its own list of authorities, which knows nothing of a company's.
        bundle = next((path for path in CA_BUNDLES if Path(path).is_file()), None)
        if bundle:
            environment["SSL_CERT_FILE"] = bundle
        return environment


@dataclass(frozen=True)
class Source:
    """Where the requirements are read from."""

    name: str
    """File of the artifact, or what to call the list that stands in for one."""
    path: Path
    hashed: bool
    exported: bool = False
    """Whether it is a uv.lock, which `uv export` has to translate first."""


def _has_hashes(path: Path) -> bool:
    return "--hash=" in path.read_text(encoding="utf-8", errors="replace")


def requirements_of(code: Path, fallback: Path) -> Source:
    """The most exact list of requirements that an application brings: a lock file, else a list, else the fallback."""
    if (code / "uv.lock").is_file():
        return Source("uv.lock", code / "uv.lock", hashed=True, exported=True)
    if (code / "pylock.toml").is_file():
        return Source("pylock.toml", code / "pylock.toml", hashed=False)
    listed = code / "requirements.txt"
    if listed.is_file():
        return Source("requirements.txt", listed, hashed=_has_hashes(listed))
    project = code / "pyproject.toml"
    if project.is_file() and re.search(
        r"^\[project\]", project.read_text(encoding="utf-8", errors="replace"), re.MULTILINE
    ):
        return Source("pyproject.toml", project, hashed=False)
    return Source("Slipway's own list", fallback, hashed=_has_hashes(fallback))


def build(builder: Builder, code: Path, work: Path, fallback: str) -> Path:
    """Makes a relocatable environment with the application's requirements.

    Args:
        builder: how.
        code: the unpacked application, which the account can read and not write.
        work: an empty directory of the account's own.
        fallback: requirements for an application that names none, as the text of a requirements file.

    Returns:
        The environment, `work`/venv.

    Raises:
        BuildError: an interpreter, a package or uvicorn is missing.
    """
    listed = work / "fallback.txt"
    listed.write_text(fallback, encoding="utf-8")
    listed.chmod(0o644)
    source = requirements_of(code, listed)
    venv = work / "venv"
    builder.run(
        [builder.uv, "venv", "--quiet", "--no-project", "--relocatable", "--python", builder.python, str(venv)],
        f"making a virtual environment with {builder.python}",
        work,
    )
    requirements = _exported(builder, code, work) if source.exported else source.path
    wheels = code / "wheels"
    builder.run(
        _install(builder, venv, requirements, source.hashed, wheels if wheels.is_dir() else None),
        f"installing the requirements of {source.name}",
        code,
    )
    try:
        version = builder.run(
            [
                str(venv / "bin" / "python"),
                "-I",
                "-c",
                "import importlib.metadata, uvicorn; print(importlib.metadata.version('uvicorn'))",
            ],
            "importing uvicorn",
            work,
        )
    except BuildError as error:
        raise BuildError(
            f"{source.name} does not bring a working uvicorn, which runs the service: add `uvicorn` to it.\n{error}"
        ) from error
    if too_old(version):
        raise BuildError(f"{source.name} brings uvicorn {version.strip()}: {NEEDED_UVICORN}")
    return venv


def too_old(version: str) -> bool:
    """Whether a uvicorn of this version lacks what the unit asks of it. One that is not understood does not."""
    found = re.match(r"(\d+)\.(\d+)", version.strip())
    return found is not None and (int(found[1]), int(found[2])) < OLDEST_UVICORN


def _exported(builder: Builder, code: Path, work: Path) -> Path:
    exported = work / "exported.txt"
    argv = [
        builder.uv,
        "export",
        "--quiet",
        "--frozen",
        "--no-dev",
        "--no-emit-project",
        "--no-header",
        "--python",
        builder.python,
    ]
    builder.run([*argv, "--project", str(code), "--output-file", str(exported)], "reading uv.lock", work)
    return exported


def _install(builder: Builder, venv: Path, requirements: Path, hashed: bool, wheels: Path | None) -> list[str]:
    argv = [builder.uv, "pip", "install", "--quiet", "--python", str(venv / "bin" / "python"), "--compile-bytecode"]
    if builder.wheels_only:
        argv += ["--only-binary", ":all:"]
    if hashed:
        argv += ["--require-hashes"]
    if wheels:
        argv += ["--no-index", "--find-links", str(wheels)]
    return [*argv, "--requirements", str(requirements)]
