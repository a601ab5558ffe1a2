"""A way from the control node to a server that only a host can reach: a TCP port forwarded by the host's own SSH.

The host carries bytes and is trusted with nothing else. Who uses the port must prove the server at its end, by TLS.
"""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from ansible_collections.slipway.fastapi.plugins.module_utils._system.printable import printable

LOOPBACK = "127.0.0.1"
_ARGUMENTS = ("ssh_args", "ssh_common_args", "ssh_extra_args")
_OPTIONS = ("host", "ssh_executable", *_ARGUMENTS, "port", "remote_user", "private_key_file")
_GREETING = "Warning: Permanently added"


class TunnelError(Exception):
    """There is no way through the host; the text says why and what to do."""


@dataclass(frozen=True)
class Forwarded:
    """A port of the loopback interface that leads to the server, and what ssh has said since."""

    port: int
    _log: IO[bytes]

    def words(self) -> str:
        """What ssh has printed, on one line: the host's server may have written it."""
        # ssh writes at the same file offset, which must not move.
        lines = os.pread(self._log.fileno(), 4096, 0).decode("utf-8", "replace").splitlines()
        return printable(" ".join(line for line in lines if not line.startswith(_GREETING)))


def ssh_settings(connection: Any) -> dict[str, Any]:
    """How Ansible reaches the host.

    Raises:
        TunnelError: Not by SSH.
    """
    transport = str(getattr(connection, "transport", ""))
    if transport != "ssh":
        raise TunnelError(
            f"the host is reached by {transport or 'no connection'}, which cannot forward a port: "
            "reach it by SSH (ansible_connection: ssh)"
        )
    return {name: connection.get_option(name) for name in _OPTIONS}


def command_line(settings: Mapping[str, Any], local: int, host: str, port: int, timeout: float) -> list[str]:
    """The ssh command that forwards a local port, with the host's own arguments behind those that must hold."""
    own = [
        # A connection of its own: a kept one would go on forwarding after this ends.
        *("-o", "ControlMaster=no", "-o", "ControlPath=none"),
        *("-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes", "-o", f"ConnectTimeout={max(1, round(timeout))}"),
        *("-o", "ForwardAgent=no", "-o", "ForwardX11=no", "-o", "PermitLocalCommand=no"),
        *("-N", "-T", "-n", "-L", f"{LOOPBACK}:{local}:{host}:{port}"),
    ]
    given = [word for name in _ARGUMENTS for word in shlex.split(settings[name] or "")]
    if settings["port"]:
        given += ["-o", f"Port={settings['port']}"]
    if settings["private_key_file"]:
        given += ["-o", f'IdentityFile="{settings["private_key_file"]}"']
    if settings["remote_user"]:
        given += ["-o", f'User="{settings["remote_user"]}"']
    return [settings["ssh_executable"] or "ssh", *own, *given, "--", str(settings["host"])]


@contextmanager
def forwarded(settings: Mapping[str, Any], host: str, port: int, timeout: float) -> Iterator[Forwarded]:
    """Forward a free port of the loopback interface to a server that the host reaches, until the block ends.

    Args:
        settings: What `ssh_settings` gave.
        host: The server's name, which the host looks up.
        port: Its port.
        timeout: Seconds until the port must be open.

    Raises:
        TunnelError: ssh cannot log in to the host, or may not listen.
    """
    local = _free_port()
    argv = command_line(settings, local, host, port, timeout)
    with tempfile.TemporaryFile() as log, _running(argv, log) as process:
        opened = Forwarded(local, log)
        _await_port(process, opened, timeout)
        yield opened


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(argv: Sequence[str], log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    except OSError as error:
        raise TunnelError(f"{argv[0]} cannot be started ({error.strerror}): install OpenSSH's client") from error
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_port(process: subprocess.Popen[bytes], opened: Forwarded, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        if process.poll() is not None:
            raise TunnelError(
                f"ssh could not open a port to the database: {opened.words() or 'it gave no reason'}; "
                "check that the host can be reached as for every other task"
            )
        try:
            # The forwarding listens before it leads anywhere, so this says nothing of the database.
            socket.create_connection((LOOPBACK, opened.port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise TunnelError(f"ssh opened no port to the database within {timeout:g} s") from None
            time.sleep(0.05)
        else:
            return
