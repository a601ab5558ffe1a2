"""Starts module processes as forks of one that has imported Ansible and boto3, which takes most of a module's second.

A module still has a process of its own, with its own environment and standard input. The process that forks is
prefork_server.py; `run` asks it.
"""

from __future__ import annotations

import array
import atexit
import io
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from tests.unit.plugins.prefork_server import LATE, MESSAGE_BYTES, ROOT


def suits(environment: Mapping[str, str]) -> bool:
    """Whether a process with this environment may begin as a fork: nothing on PYTHONPATH must be imported first."""
    folders = [Path(folder) for folder in environment.get("PYTHONPATH", "").split(os.pathsep) if folder]
    return set(folders) <= {ROOT, ROOT / "collections", *LATE}


def run(module: str, text: str, environment: Mapping[str, str], seconds: float) -> tuple[str, str]:
    """Run a module with `text` on its standard input; return its output and its errors.

    Raises subprocess.TimeoutExpired when it has not closed them after `seconds`; the process is killed then.
    """
    return _server().run(module, text, environment, seconds)


class _Server:
    """The process that forks, as its client sees it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.unit.plugins.prefork_server", str(theirs.fileno())],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "collections"), str(ROOT)))},
                pass_fds=[theirs.fileno()],
            )
        self._socket = ours
        self._lock = threading.Lock()
        atexit.register(self.end)

    def run(self, module: str, text: str, environment: Mapping[str, str], seconds: float) -> tuple[str, str]:
        request = json.dumps({"module": module, "environment": dict(environment)}).encode()
        pipes = [os.pipe() for _ in range(4)]
        (their_input, our_input), (our_output, their_output), (our_errors, their_errors), (our_pid, their_pid) = pipes
        theirs = [their_input, their_output, their_errors, their_pid]
        try:
            with self._lock:
                assert len(request) < MESSAGE_BYTES
                descriptors = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", theirs))
                self._socket.sendmsg([request], [descriptors])
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        with os.fdopen(our_pid, "rb") as told, os.fdopen(our_input, "wb", buffering=0) as given:
            pid = int(told.read())
            writer = threading.Thread(target=_feed, args=(given, text.encode()))
            writer.start()
            try:
                output, errors = _collect((our_output, our_errors), seconds)
            except TimeoutError as error:
                os.kill(pid, 9)
                raise subprocess.TimeoutExpired(module, seconds) from error
            finally:
                writer.join()
                os.close(our_output)
                os.close(our_errors)
        return output.decode(), errors.decode()

    def end(self) -> None:
        self._socket.close()
        self._process.wait()


_started: dict[int, _Server] = {}


def _server() -> _Server:
    """The server of this process, started when it is first asked for."""
    if os.getpid() not in _started:
        _started[os.getpid()] = _Server()
    return _started[os.getpid()]


def _feed(given: io.FileIO, text: bytes) -> None:
    try:
        view = memoryview(text)
        while view:
            view = view[given.write(view) :]
    except BrokenPipeError:
        pass
    finally:
        given.close()


def _collect(descriptors: tuple[int, int], seconds: float) -> tuple[bytes, bytes]:
    """Read both to their ends. Raises TimeoutError."""
    found: dict[int, list[bytes]] = {descriptor: [] for descriptor in descriptors}
    open_ones, deadline = set(descriptors), time.monotonic() + seconds
    while open_ones:
        ready, _, _ = select.select(list(open_ones), [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError
        for descriptor in ready:
            chunk = os.read(descriptor, 1 << 16)
            if chunk:
                found[descriptor].append(chunk)
            else:
                open_ones.discard(descriptor)
    return b"".join(found[descriptors[0]]), b"".join(found[descriptors[1]])
