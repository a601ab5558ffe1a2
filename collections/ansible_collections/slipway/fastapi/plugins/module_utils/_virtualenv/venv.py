"""Builds a release's virtual environment with uv, as an account that owns nothing else."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.module_utils._virtualenv.sandboxed_build import (
    Account,
    ConfineError,
    Confinement,
    LateError,
    Step,
)

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
class Builder:
    """How environments are built on this host."""

    uv: str
    python: str
    """Interpreter that the service will run with."""
    account: Account
    cache: Path
    """uv's cache, and the home of what runs here: a directory of the account's own outside every release."""
    confinement: Confinement
    wheels_only: bool = True
    timeout: float = 900
    """Seconds for each of uv's steps."""

    def run(self, argv: Sequence[str], purpose: str, cwd: Path, work: Path | None = None) -> str:
        """Runs a command as the account and returns what it printed.

        Args:
            argv: the command.
            purpose: what it does, for messages.
            cwd: where it runs.
            work: the directory that it may write in, besides the cache; without it, the one where it runs.

        Raises:
            BuildError: it failed or took too long.
        """
        step = Step(argv, cwd, self.account, self._environment(), (work or cwd, self.cache), self.timeout)
        try:
            ended = self.confinement.run(step)
        except LateError as error:
            raise BuildError(
                f"{purpose} took more than {self.timeout:.0f} s: "
                "see whether this host reaches its package index, or raise build_timeout"
            ) from error
        except ConfineError as error:
            raise BuildError(str(error)) from error
        if ended.code != 0:
            raise BuildError(f"{purpose} failed:\n{(ended.errors or ended.output).strip()[-EXPLANATION:]}")
        return ended.output

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


def build(builder: Builder, code: Path, work: Path, fallback: Path) -> Path:
    """Makes a relocatable environment with the application's requirements.

    Args:
        builder: how.
        code: the unpacked application, which the account can read and not write.
        work: an empty directory of the account's own. Whoever calls this writes nothing there.
        fallback: requirements file for an application that names none, which the account can read and not write.

    Returns:
        The environment, `work`/venv.

    Raises:
        BuildError: an interpreter, a package or uvicorn is missing.
    """
    source = requirements_of(code, fallback)
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
        work,
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
