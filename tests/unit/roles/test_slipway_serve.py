"""What starts uvicorn keeps query strings out of its log and changes nothing else."""

from __future__ import annotations

import importlib.util
import logging
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

FILE = Path(__file__).resolve().parents[3] / "roles" / "service" / "files" / "slipway_serve.py"
APPLICATION = """
import sys
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": repr(sys.path[:2]).encode()})
"""


def filtered(name: str, message: str, *values: object) -> str:
    spec = importlib.util.spec_from_file_location("slipway_serve", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    record = logging.LogRecord(name, logging.INFO, "", 0, message, values, None)
    assert module.PathOnly().filter(record) is True
    return record.getMessage()


@pytest.mark.parametrize(
    ("name", "message", "values", "said"),
    [
        (
            "uvicorn.access",
            '%s - "%s %s HTTP/%s" %d',
            ("h:1", "GET", "/a?t=C", "1.1", 200),
            'h:1 - "GET /a HTTP/1.1" 200',
        ),
        ("uvicorn.error", '%s - "WebSocket %s" [accepted]', ("h:1", "/s?t=CANARY"), 'h:1 - "WebSocket /s" [accepted]'),
        ("uvicorn.error", '%s - "WebSocket %s" %d', ("h:1", "/s?t=CANARY", 403), 'h:1 - "WebSocket /s" 403'),
        ("uvicorn.error", "why is %s?", ("it so?",), "why is it so??"),
    ],
)
def test_only_the_path_of_a_request_is_logged(name: str, message: str, values: tuple[object, ...], said: str) -> None:
    assert filtered(name, message, *values) == said


def test_it_serves_as_uvicorn_does(tmp_path: Path) -> None:
    (tmp_path / "application.py").write_text(APPLICATION)
    path = tmp_path / "s"
    command = [sys.executable, str(FILE), "application:app", "--uds", os.path.relpath(path, tmp_path)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            answer = ask(tmp_path, b"GET /x?t=CANARY HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        finally:
            process.terminate()
            log = process.communicate()[0].decode()
    assert repr(["", str(tmp_path)]).encode() in answer, (
        "modules come from the folder that it is started in, as with -m"
    )
    assert '"GET /x HTTP/1.1" 200' in log
    assert "CANARY" not in log


def ask(folder: Path, request: bytes) -> bytes:
    """The answer to a request, once the service is there."""
    end = time.monotonic() + 20
    here = os.open(folder, os.O_RDONLY)
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                # A path of a temporary folder may be longer than a socket's may be.
                connection.connect(f"/proc/self/fd/{here}/s")
                connection.sendall(request)
                return connection.makefile("rb").read()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.05)
