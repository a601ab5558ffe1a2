"""The checkout's virtual environment, made from the lock files with every hash checked.

uv does the work, because pip alone takes twenty times as long; pip is only used to fetch uv, from its own locked line.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sandbox import apt
from sandbox.report import Report, Step
from slipway.launch import program
from slipway.launch.problem import SetupError

#: Where systems keep the bundle of all certificates that they trust.
SYSTEM_BUNDLES = (
    Path("/etc/ssl/certs/ca-certificates.crt"),
    Path("/etc/pki/tls/certs/ca-bundle.crt"),
    Path("/etc/ssl/ca-bundle.pem"),
    Path("/etc/ssl/cert.pem"),
)
#: Environment variable that chooses the packages: `all` (default), or `runtime` without those for tests and linters.
PACKAGES_VARIABLE = "SLIPWAY_PACKAGES"
RUNTIME_LOCK, DEVELOPMENT_LOCK = "requirements.txt", "requirements-dev.txt"
LOCKS = {"all": (RUNTIME_LOCK, DEVELOPMENT_LOCK), "runtime": (RUNTIME_LOCK,)}
_STAMP = "slipway.stamp"


def ensure(root: Path, report: Report, environment: Mapping[str, str]) -> None:
    """Make ``.venv`` what the lock files say that *environment* chooses. Raises SetupError."""
    venv, locks = root / ".venv", chosen_locks(root, environment)
    wanted = stamp(b"".join(lock.read_bytes() for lock in locks), sys.version)
    with report.step("Python packages are as locked") as step, _alone(root):
        if _stamped(venv) == wanted and os.access(venv / "bin" / "python", os.X_OK):
            program.install(venv)
            return
        (venv / _STAMP).unlink(missing_ok=True)
        step.text = f"Python packages installed from {' and '.join(lock.name for lock in locks)} into .venv"
        if not _usable(venv):
            _create(venv, step)
        step.progress("fetching uv")
        _install_uv(venv, root / RUNTIME_LOCK)
        step.progress("uv installs the locked packages")
        _run(
            [str(venv / "bin" / "uv"), "pip", "sync", "--quiet", "--require-hashes", *map(str, locks)],
            {"VIRTUAL_ENV": str(venv), "UV_SYSTEM_CERTS": "1", **cache(root), **index(venv)},
        )
        program.install(venv)
        (venv / _STAMP).write_text(wanted)


def chosen_locks(root: Path, environment: Mapping[str, str]) -> Sequence[Path]:
    """The lock files to install. Raises SetupError if ``SLIPWAY_PACKAGES`` is neither ``all`` nor ``runtime``."""
    choice = environment.get(PACKAGES_VARIABLE) or "all"
    if choice not in LOCKS:
        raise SetupError(f"{PACKAGES_VARIABLE} is {choice!r}: set it to one of {', '.join(LOCKS)}, or unset it")
    return [root / name for name in LOCKS[choice]]


def stamp(lock: bytes, interpreter: str) -> str:
    """What the environment was made of, as one line."""
    return hashlib.sha256(lock + b"\0" + interpreter.encode()).hexdigest()


def locked(requirements: str, name: str) -> str:
    """The entry of package *name*, its hashes included, from the text of a lock file. Raises SetupError without one."""
    pattern = re.compile(rf"^{re.escape(name)}==.*(?:(?<=\\)\n.*)*", re.MULTILINE)
    entry = pattern.search(requirements)
    if entry is None or "--hash=" not in entry.group():
        raise SetupError(f"requirements.txt has no entry with hashes for {name}: make it again with `make lock`")
    return entry.group() + "\n"


def _stamped(venv: Path) -> str | None:
    try:
        return (venv / _STAMP).read_text()
    except FileNotFoundError:
        return None


def _usable(venv: Path) -> bool:
    """Whether there is an environment, of this very Python, that has pip."""
    question = [str(venv / "bin" / "python"), "-c", "import pip, sys; print(sys.version)"]
    try:
        done = subprocess.run(question, capture_output=True, text=True, check=False)
    except OSError:
        # Missing, or a link to an interpreter that is gone or another user's.
        return False
    return done.returncode == 0 and done.stdout.strip() == sys.version.strip()


def _create(venv: Path, step: Step) -> None:
    if importlib.util.find_spec("ensurepip") is None:
        _install_ensurepip(step)
    step.progress("making the virtual environment")
    _run([sys.executable, "-m", "venv", "--clear", str(venv)])


def _install_ensurepip(step: Step) -> None:
    """Debian and Ubuntu keep what `venv` needs in a package of its own."""
    package = f"python3.{sys.version_info.minor}-venv"
    if not apt.usable():
        raise SetupError(f"this Python cannot make virtual environments: run `sudo apt-get install {package}`")
    try:
        apt.install([package], lambda line: step.progress(f"{package}: {line}"))
    except apt.AptError as error:
        raise SetupError(f"this Python cannot make virtual environments, and {error}") from error


def _install_uv(venv: Path, lock: Path) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as entry:
        entry.write(locked(lock.read_text(), "uv"))
        entry.flush()
        pip = [
            str(venv / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--quiet",
            "--no-cache-dir",
        ]
        command = [*pip, "--no-deps", "--require-hashes", "-r", entry.name]
        try:
            _run(command)
        except SetupError as error:
            # pip may bring a list of authorities of its own, which lacks the one that re-signs TLS here.
            bundle = next((path for path in SYSTEM_BUNDLES if path.exists()), None)
            if "CERTIFICATE_VERIFY_FAILED" not in str(error) or bundle is None:
                raise
            _run(command, {"PIP_CERT": str(bundle)})


def cache(root: Path) -> dict[str, str]:
    """A cache within the checkout, so that nothing is left elsewhere; the operator's own choice comes first."""
    return {} if "UV_CACHE_DIR" in os.environ else {"UV_CACHE_DIR": str(root / ".cache" / "uv")}


def index(venv: Path) -> dict[str, str]:
    """The package index that pip is told to use on this machine, in uv's words: uv does not read pip's settings."""
    if "UV_DEFAULT_INDEX" in os.environ:
        return {}
    done = subprocess.run(
        [str(venv / "bin" / "python"), "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True,
        text=True,
        check=False,
    )
    url = os.environ.get("PIP_INDEX_URL") or done.stdout.strip()
    return {"UV_DEFAULT_INDEX": url} if url else {}


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = [line for line in done.stdout.strip().splitlines() if line.strip()]
        raise SetupError(f"`{Path(command[0]).name} {' '.join(command[1:4])} …` failed: {' / '.join(lines[-4:])}")


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keep two set-ups of one checkout apart."""
    path = root / ".slipway" / "setup.lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
