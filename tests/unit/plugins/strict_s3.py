"""The sandbox's own API, which answers one request at a time: conditional writes need a state that does not move."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.unit.plugins.running import ROOT


@contextmanager
def strict_s3(directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run it, with its files in `directory`."""
    with ExitStack() as probes:
        sockets = [probes.enter_context(socket.socket()) for _ in range(3)]
        for probe in sockets:
            probe.bind(("127.0.0.1", 0))
        ports = [str(probe.getsockname()[1]) for probe in sockets]
    command = [sys.executable, "-m", "sandbox.tests.server.serve", str(directory), *ports]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield process
        finally:
            process.kill()


def options_for(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """The `aws` option of modules that use it."""
    assert isinstance(process.args, list)
    url = f"http://127.0.0.1:{process.args[-3]}"
    return {"region": "us-east-1", "endpoint_url": url, "access_key": "sandbox", "secret_key": "sandbox"}
