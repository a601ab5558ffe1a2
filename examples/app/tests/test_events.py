"""The event stream, over a real socket: events arrive one by one, and a client that leaves ends it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

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
            if line.startswith("data:"):
                arrivals.append(time.monotonic())
    assert [line for line in lines if line.startswith("id:")] == ["id: 1", "id: 2", "id: 3"]
    gaps = [later - earlier for earlier, later in zip(arrivals, arrivals[1:])]
    assert all(gap > 0.15 for gap in gaps), f"events came in one lump: {gaps}"


def test_a_client_that_leaves_ends_its_stream(server: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="uvicorn.error")
    with httpx.stream("GET", f"{server}/events?count=10000&interval=0.05", trust_env=False) as answer:
        next(answer.iter_lines())
    _wait_for(lambda: any("event stream ended" in record.getMessage() for record in caplog.records))


@pytest.mark.parametrize("query", ["count=0", "count=10001", "interval=0", "interval=61", "count=many"])
def test_count_and_interval_are_bounded(client: TestClient, query: str) -> None:
    assert client.get(f"/events?{query}").status_code == 422
