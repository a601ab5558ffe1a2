"""`make health`: what is said of what a service answers, and of a host that has none."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from slipway.operate import health
from slipway.operate.hosts import Host

# What a host says that has files and no service.
FILES: dict[str, Any] = {"artifact": "s3://b/k", "release": "0-1", "serves": False, "slot": "", "haproxy": None}
FILES |= {"unit": {"load": "not-found", "active": "inactive"}}


def host(**changes: Any) -> Host:
    """A host of this machine, where nothing listens."""
    values: dict[str, Any] = {"address": "127.0.0.1", "user": "slipway", "key": "", "options": "", "public": ""}
    return Host(name="i-1", app="shop", **{**values, "port": 1, "health": "/health"} | changes)


@pytest.fixture(autouse=True)
def said(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a host says of itself when it is asked."""
    answer: dict[str, Any] = {"error": "no route"}
    monkeypatch.setattr(health, "state_of", lambda _host: answer)
    return answer


@pytest.fixture
def answering() -> Iterator[int]:
    """The port of a server that says 200 at /health and 404 elsewhere."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/health" else 404)
            self.end_headers()
            self.wfile.write(b'{"status":"ok"}')

        def log_message(self, *_args: object) -> None:
            """Keep the test's output free of an access log."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "well", "told"),
    [("/health", True, '200  {"status":"ok"}'), ("/elsewhere", False, "404")],
    ids=["well", "not found"],
)
def test_health_tells_what_the_service_answers(
    answering: int, capsys: pytest.CaptureFixture[str], path: str, well: bool, told: str
) -> None:
    assert health.ask(host(port=answering, health=path)) is well
    assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\n\x1b]0;title\x07\x1b[2J",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort",
        b"\x1b[2J no HTTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/secret\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["escapes", "cut off", "no HTTP", "too many headers", "redirect"],
)
def test_an_answer_of_any_bytes_is_a_line(answer: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        health.ask(host(port=server.getsockname()[1]))
    told = capsys.readouterr().out.rstrip("\n")
    assert told.isprintable()
    assert ("  302" in told) == (b"302" in answer), "a redirect is told, and not followed"


@pytest.mark.parametrize(
    "answer", [{}, FILES | {"release": ""}, FILES | {"unit": {"load": "loaded", "active": "failed"}}]
)
def test_a_service_that_does_not_answer_is_not_well(
    said: dict[str, Any], answer: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    if answer:
        said.clear()
        said.update(answer)
    assert health.ask(host()) is False
    assert "no answer" in capsys.readouterr().out


def test_a_host_that_has_nothing_to_run_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert health.ask(host(artifact="")) is True
    assert capsys.readouterr().out == "i-1  no service: ready for Docker\n"


def test_a_host_with_mere_files_is_well(said: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    said.clear()
    said.update(FILES)
    assert health.ask(host()) is True
    assert capsys.readouterr().out == "i-1  no service: ready for Docker, with files\n"
