"""The event stream, over a real socket: one by one, ended by a client that leaves, taken up again after a release."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi.testclient import TestClient

import main


@pytest.fixture
def server() -> Iterator[str]:
    """The service under uvicorn on a free port."""
    config = uvicorn.Config(main.app, host="127.0.0.1", port=0, log_config=None)
    uvicorn_server = uvicorn.Server(config)
    thread = threading.Thread(target=uvicorn_server.run, daemon=True)
    thread.start()
    _wait_for(lambda: uvicorn_server.started)
    port = uvicorn_server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    uvicorn_server.should_exit = True
    thread.join(timeout=10)
    assert not thread.is_alive(), "the server did not stop: a stream is still open"


def _wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_events_arrive_one_by_one(server: str) -> None:
    arrivals: list[float] = []
    with httpx.stream("GET", f"{server}/events?count=3&interval=0.3", trust_env=False) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-cache"
        lines = []
        for line in answer.iter_lines():
            lines.append(line)
            if line == "event: tick":
                arrivals.append(time.monotonic())
    assert [line for line in lines if line.startswith("id:")] == ["id: 1", "id: 2", "id: 3", "id: 3"]
    assert [line for line in lines if line.startswith("event:")] == ["event: tick"] * 3 + ["event: end"]
    gaps = [later - earlier for earlier, later in zip(arrivals, arrivals[1:])]
    assert all(gap > 0.15 for gap in gaps), f"events came in one lump: {gaps}"


def test_a_client_that_leaves_ends_its_stream(server: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="uvicorn.error")
    with httpx.stream("GET", f"{server}/events?count=10000&interval=0.05", trust_env=False) as answer:
        next(answer.iter_lines())
    _wait_for(lambda: any("event stream ended" in record.getMessage() for record in caplog.records))


@dataclass
class Received:
    """What one connection gave: the numbers of its ticks, and what the event `end` said."""

    ticks: list[int]
    end: dict[str, Any]


def _receive(url: str, at_tick: Callable[[int], object] = lambda number: None, **options: Any) -> Received:
    received = Received([], {})
    kind = ""
    with httpx.stream("GET", url, trust_env=False, timeout=10, **options) as answer:
        assert answer.status_code == 200
        for line in answer.iter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                data = json.loads(line.removeprefix("data: "))
                if kind == "end":
                    received.end = data
                else:
                    received.ticks.append(data["number"])
                    at_tick(data["number"])
    return received


@pytest.fixture
def notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file by which Slipway says that the process is to stop; it is not there yet."""
    monkeypatch.setenv("SLIPWAY_DRAIN_FILE", str(tmp_path / "drain"))
    return tmp_path / "drain"


def test_a_long_stream_ends_politely_and_goes_on_elsewhere(server: str, notice: Path) -> None:
    url = f"{server}/events?count=1000&interval=0.05"
    began = _receive(url, lambda number: notice.touch() if number == 3 else None)
    last = began.ticks[-1]
    assert began.ticks == list(range(1, last + 1))
    assert (began.end["reason"], began.end["number"]) == ("restart", last)
    assert last < 20
    # The release that serves next has no notice.
    notice.unlink()
    went_on = _receive(f"{server}/events?count={last + 2}&interval=0.05", headers={"Last-Event-ID": str(last)})
    assert went_on.ticks == [last + 1, last + 2]
    assert went_on.end["reason"] == "complete"


def test_the_notice_is_seen_between_two_distant_events(server: str, notice: Path) -> None:
    began = time.monotonic()
    received = _receive(f"{server}/events?count=2&interval=60", lambda number: notice.touch())
    assert received.ticks == [1]
    assert received.end["reason"] == "restart"
    assert time.monotonic() - began < 5


def test_a_short_stream_is_finished(server: str, notice: Path) -> None:
    notice.touch()
    received = _receive(f"{server}/events?count=5&interval=0.05")
    assert received.ticks == [1, 2, 3, 4, 5]
    assert received.end["reason"] == "complete"


def test_a_stream_says_which_release_sends_it(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_RELEASE", "0123456789ab-01234567")
    assert _receive(f"{server}/events?count=1").end["release"] == "0123456789ab-01234567"


def test_a_client_that_has_all_is_told_to_stop(client: TestClient) -> None:
    assert client.get("/events?count=3", headers={"Last-Event-ID": "3"}).status_code == 204


@pytest.mark.parametrize("last", ["-1", "10001", "many"])
def test_a_strange_last_event_is_refused(client: TestClient, last: str) -> None:
    assert client.get("/events", headers={"Last-Event-ID": last}).status_code == 422


@pytest.mark.parametrize("query", ["count=0", "count=10001", "interval=0", "interval=61", "count=many"])
def test_count_and_interval_are_bounded(client: TestClient, query: str) -> None:
    assert client.get(f"/events?{query}").status_code == 422
