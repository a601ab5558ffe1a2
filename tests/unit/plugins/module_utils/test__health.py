"""The gate: who answers, what is answered, and when waiting longer shows nothing new."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._health import (
    Answer,
    Verdict,
    ask,
    listens,
    port_of,
    wait,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._systemd import Unit

URL = "http://127.0.0.1:8000/health"
RELEASE = "0123456789ab-01234567"
RUNNING = Unit(load="loaded", active="active", sub="running", result="success", pid=10)
STARTING = replace(RUNNING, active="activating", sub="start", pid=0)
RESTARTING = replace(RUNNING, active="activating", sub="auto-restart", result="exit-code", pid=0)
GOOD = Answer(200, RELEASE)


class Service:
    """A unit and its answers, one of each for every look; the last ones stay. Its clock runs while somebody sleeps."""

    def __init__(self, units: list[Unit], answers: list[Answer], own: bool = True) -> None:
        self.units, self.answers, self.own = units, answers, own
        self.now = 0.0

    def verdict(self, timeout: float = 60) -> Verdict:
        return wait(
            URL,
            RELEASE,
            timeout,
            self._unit,
            ask=lambda _: self.answers.pop(0) if len(self.answers) > 1 else self.answers[0],
            listens=lambda pid, port: self.own and (pid, port) == (10, 8000),
            clock=lambda: self.now,
            sleep=self._sleep,
        )

    def _unit(self) -> Unit:
        return self.units.pop(0) if len(self.units) > 1 else self.units[0]

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("answer", [GOOD, Answer(200)], ids=["with its release", "without one"])
def test_a_good_answer_of_the_units_own_process_opens_it(answer: Answer) -> None:
    assert Service([RUNNING], [answer]).verdict() == Verdict(True)


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
    assert "another process holds the port" in verdict.reason


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
    }

    def do_GET(self) -> None:
        status, body = self.ANSWERS[self.path]
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/plain", Answer(200)),
        ("/json", Answer(200, "r1")),
        ("/list", Answer(200)),
        ("/number", Answer(200)),
        ("/busy?deep=1", Answer(503, "r1")),
        ("/moved", Answer(302)),
    ],
)
def test_an_answer_is_read(server: str, path: str, answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert ask(f"{server}{path}") == answer


def test_no_answer_is_an_answer() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        answer = ask(f"http://127.0.0.1:{closed.getsockname()[1]}/")
    assert answer.status == 0
    assert "refused" in str(answer)


def test_a_silent_server_is_not_waited_for_long() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert "timed out" in str(ask(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout=0.2))


def test_the_owner_of_a_listening_socket_is_known(server: str) -> None:
    assert listens(os.getpid(), port_of(server))
    assert not listens(os.getpid(), 1)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert not listens(other.pid, port_of(server))
        # A worker's socket counts as its parent's.
        assert listens(os.getppid(), port_of(server))
        other.communicate(b"\n")


def test_a_process_that_has_gone_listens_nowhere(server: str) -> None:
    assert not listens(2**22 + 1, port_of(server))
