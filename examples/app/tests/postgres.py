"""A real PostgreSQL for the tests.

The one that TEST_DATABASE_URL names, or a cluster made of this machine's own binaries and removed afterwards.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# initdb refuses to run as root; these accounts own nothing else that the test could touch.
ACCOUNTS = ("postgres", "nobody")


@contextmanager
def database_url() -> Iterator[str]:
    """Yield the URL of an empty database; skip, with the reason, where there is no PostgreSQL at all."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL: set TEST_DATABASE_URL or install Debian's package postgresql")
    with _cluster(binaries) as url:
        yield url


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def _cluster(binaries: Path) -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="app-postgres-"))
    account = _account()
    if account:
        shutil.chown(folder, user=account)
    port = _free_port()
    data = str(folder / "data")
    _run(
        [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "app",
            "--auth=scram-sha-256",
            f"--pwfile={_password_file(folder, account)}",
        ],
        account,
    )
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off"
    _run([binaries / "pg_ctl", "-D", data, "-l", folder / "log", "-o", options, "-w", "start"], account)
    try:
        yield f"postgresql://app:app@127.0.0.1:{port}/postgres"
    finally:
        _run([binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], account)
        shutil.rmtree(folder)


def _account() -> str | None:
    """Return the account to run as; None keeps the caller's own, which is right for everybody but root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ACCOUNTS if name in known)


def _password_file(folder: Path, account: str | None) -> Path:
    path = folder / "password"
    path.write_text("app\n", encoding="utf-8")
    if account:
        shutil.chown(path, user=account)
    return path


def _run(command: list[str | Path], account: str | None) -> None:
    # stdout goes nowhere: the server inherits it from pg_ctl and would keep a pipe open.
    done = subprocess.run(
        command, user=account, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        pytest.fail(f"{command[0]} failed: {done.stderr}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port
