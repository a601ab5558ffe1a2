"""The gate: who answers, what is answered, and when waiting longer shows nothing new."""

from __future__ import annotations

import os
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._service import health
from ansible_collections.slipway.fastapi.plugins.module_utils._service.health import (
    Answer,
    PortService,
    SocketService,
    Verdict,
    wait,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._system.systemd import Unit

from tests.unit.plugins.short_folder import short_folder

URL = "http://127.0.0.1:8000/health"
RELEASE = "0123456789ab-01234567"
RUNNING = Unit(load="loaded", active="active", sub="running", result="success", pid=10)
STARTING = replace(RUNNING, active="activating", sub="start", pid=0)
RESTARTING = replace(RUNNING, active="activating", sub="auto-restart", result="exit-code", pid=0)
GOOD = Answer(200, RELEASE)


class Service:
    """A unit and its answers, one of each for every look; the last ones stay. Its clock runs while somebody sleeps."""

    def __init__(self, units: list[Unit], answers: list[Answer], own: bool = True, stream: str = "") -> None:
        self.units, self.answers, self.own, self.stream = units, answers, own, stream
        self.now = 0.0
        self.streams: list[float] = []

    def __str__(self) -> str:
        return URL

    def ask(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def belongs_to(self, pid: int) -> bool:
        return self.own and pid == 10

    def complaint(self, seconds: float) -> str:
        self.streams.append(seconds)
        return self.stream

    def verdict(self, timeout: float = 60) -> Verdict:
        return wait(self, RELEASE, timeout, self._unit, clock=lambda: self.now, sleep=self._sleep)

    def _unit(self) -> Unit:
        return self.units.pop(0) if len(self.units) > 1 else self.units[0]

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("answer", [GOOD, Answer(200)], ids=["with its release", "without one"])
def test_a_good_answer_of_the_units_own_process_opens_it(answer: Answer) -> None:
    assert Service([RUNNING], [answer]).verdict() == Verdict(True)


def test_health_that_comes_and_goes_does_not_open_it() -> None:
    service = Service([RUNNING], [answer for _ in range(60) for answer in (GOOD, GOOD, Answer(503))])
    verdict = service.verdict(timeout=20)
    assert not verdict.healthy
    assert "the last answer was: HTTP 503" in verdict.reason


def test_it_waits_for_a_slow_start() -> None:
    service = Service([STARTING, STARTING, RUNNING], [Answer(error="refused"), Answer(503), GOOD])
    assert service.verdict().healthy
    assert service.now > 0


@pytest.mark.parametrize(
    ("units", "answers", "words"),
    [
        ([replace(RUNNING, active="failed", result="exit-code", pid=0)], [GOOD], "has failed (exit-code)"),
        ([replace(RUNNING, active="inactive", pid=0)], [GOOD], "the process ended (success)"),
        ([replace(RUNNING, active="inactive", result="condition")], [GOOD], "a condition of the unit is not met"),
        (
            [RUNNING, replace(RESTARTING, restarts=1)],
            [Answer(error="refused")],
            "keeps ending (exit-code): it has ended 2",
        ),
        ([RUNNING, replace(RUNNING, restarts=2)], [Answer(error="refused")], "it has ended 2 times"),
        ([RUNNING], [Answer(200, "another")], "answers as release another"),
    ],
    ids=["failed", "ended", "condition", "about to restart", "restarted", "another release"],
)
def test_what_cannot_get_better_is_not_waited_for(units: list[Unit], answers: list[Answer], words: str) -> None:
    service = Service(units, answers)
    verdict = service.verdict()
    assert not verdict.healthy
    assert words in verdict.reason
    assert service.now < 5


def test_crashes_of_long_ago_are_forgotten() -> None:
    assert Service([replace(RUNNING, restarts=7)], [GOOD]).verdict().healthy


def test_one_crash_is_forgiven() -> None:
    assert (
        Service([RUNNING, RESTARTING, replace(RUNNING, restarts=1)], [Answer(error="refused"), GOOD]).verdict().healthy
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(503), "the last answer was: HTTP 503"),
        (Answer(404), "the last answer was: HTTP 404"),
        (Answer(error="Connection refused"), "Connection refused"),
    ],
)
def test_it_does_not_wait_for_ever(answer: Answer, words: str) -> None:
    service = Service([RUNNING], [answer])
    verdict = service.verdict(30)
    assert not verdict.healthy
    assert words in verdict.reason
    assert 30 <= service.now < 33


def test_another_process_on_the_port_does_not_open_it() -> None:
    verdict = Service([RUNNING], [Answer(200)], own=False).verdict()
    assert not verdict.healthy
    assert "not from this unit: another process answers there" in verdict.reason


def test_an_answer_without_a_release_of_another_process_is_not_taken_for_its_own() -> None:
    assert "another process answers" in Service([RUNNING], [Answer(200, "another")], own=False).verdict().reason


def test_what_is_healthy_and_cannot_stream_does_not_open_it() -> None:
    service = Service([STARTING, RUNNING], [GOOD], stream="its stream is silent")
    assert service.verdict(60) == Verdict(False, "its stream is silent")
    assert service.streams == [60 - service.now], "the stream has what is left of the time"


def test_a_process_that_ends_right_after_its_answer_does_not_open_it() -> None:
    dead = replace(RUNNING, active="failed", result="oom-kill", pid=0)
    assert "oom-kill" in Service([RUNNING, dead], [GOOD]).verdict().reason


class Handler(BaseHTTPRequestHandler):
    ANSWERS = {
        "/plain": (200, b"ok"),
        "/json": (200, b'{"release": "r1"}'),
        "/list": (200, b'["release"]'),
        "/number": (200, b'{"release": 3}'),
        "/busy?deep=1": (503, b'{"release": "r1"}'),
        "/moved": (302, b""),
        "/": (200, b""),
    }
    STREAMS = {
        "/events": b": hello\n\nid: 1\ndata: x\n\n",
        "/ended": b": hello\n\n",
    }

    def do_GET(self) -> None:
        if self.path in self.STREAMS:
            assert self.headers["Accept"] == "text/event-stream"
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.STREAMS[self.path])
            return
        if self.path == "/chatter":
            self._chatter()
            return
        status, body = self.ANSWERS[self.path]
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _chatter(self) -> None:
        """Keeps a stream alive, and sends no event."""
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b": still here\n\n")
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class SocketServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as found:
        threading.Thread(target=found.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()


@pytest.fixture
def path() -> Iterator[Path]:
    """A server's Unix socket."""
    with short_folder() as folder, SocketServer(str(folder / "app.sock"), Handler) as found:
        threading.Thread(target=found.serve_forever, args=(0.02,), daemon=True).start()
        yield folder / "app.sock"
        found.shutdown()


ANSWERS = pytest.mark.parametrize(
    ("where", "answer"),
    [
        ("/plain", Answer(200)),
        ("/json", Answer(200, "r1")),
        ("/list", Answer(200)),
        ("/number", Answer(200)),
        ("/busy?deep=1", Answer(503, "r1")),
        ("/moved", Answer(302)),
    ],
)


@ANSWERS
def test_an_answer_is_read(server: str, where: str, answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert PortService(f"{server}{where}").ask() == answer


@ANSWERS
def test_an_answer_at_a_socket_is_read(path: Path, where: str, answer: Answer) -> None:
    assert SocketService(path, where).ask() == answer


def test_a_url_needs_no_path_and_no_port(server: str) -> None:
    assert PortService(server).ask() == Answer(200)
    assert PortService("http://localhost/health").port == 80


def test_in_messages_it_is_called_by_where_it_is_asked() -> None:
    assert str(PortService(URL)) == URL
    assert str(SocketService(Path("/run/a/app.sock"), "/health")) == "/health at /run/a/app.sock"


def test_no_answer_is_an_answer(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        answer = PortService(f"http://127.0.0.1:{closed.getsockname()[1]}/").ask()
    assert answer.status == 0
    assert "refused" in str(answer)
    assert "No such file" in str(SocketService(tmp_path / "app.sock", "/").ask())


def test_a_silent_server_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "REQUEST_TIMEOUT", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert "timed out" in str(PortService(f"http://127.0.0.1:{silent.getsockname()[1]}/").ask())


def test_the_owner_of_a_listening_socket_is_known(server: str, path: Path) -> None:
    services = (PortService(server), SocketService(path, "/"))
    assert [service.belongs_to(os.getpid()) for service in services] == [True, True]
    # A worker's socket counts as its parent's.
    assert [service.belongs_to(os.getppid()) for service in services] == [True, True]
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert [service.belongs_to(other.pid) for service in services] == [False, False]
        other.communicate(b"\n")


def test_where_nobody_listens_is_nobodys(server: str, tmp_path: Path) -> None:
    assert not PortService("http://127.0.0.1:1/").belongs_to(os.getpid())
    assert not PortService(server).belongs_to(2**22 + 1), "a process that has gone"
    assert not SocketService(tmp_path / "app.sock", "/").belongs_to(os.getpid())


def test_a_port_is_asked_for_no_stream(server: str) -> None:
    assert PortService(server).complaint(5) == ""


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("", ""),
        ("/events", ""),
        ("/ended", "its stream /ended ended without an event"),
        ("/busy?deep=1", "its stream /busy?deep=1 answers HTTP 503"),
        ("/chatter", "its stream /chatter sent no event within 0 s"),
    ],
)
def test_a_stream_must_send_a_first_event(path: Path, where: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "REQUEST_TIMEOUT", 0.2)
    assert SocketService(path, "/plain", where).complaint(0.1) == words


def test_a_stream_that_cannot_be_had_is_complained_of(tmp_path: Path) -> None:
    complaint = SocketService(tmp_path / "app.sock", "/", "/events").complaint(1)
    assert complaint.startswith("its stream /events sent no event: ")
    assert "No such file" in complaint
