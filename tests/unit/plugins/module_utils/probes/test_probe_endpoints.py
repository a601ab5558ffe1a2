"""The health path, and endpoints that a user adds."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._probes import endpoints
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.runner import void, walk
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.stages import Trail

from tests.unit.plugins.module_utils.probes.servers import Reply, closed_port, http_server, tcp_server


def health(reply: Reply, release: str = "abc") -> dict[str, Any]:
    with http_server(lambda *_: reply) as port:
        trail = Trail("health", "health")
        url = f"http://127.0.0.1:{port}/health"
        walk(trail, lambda it: endpoints.health(it, url, 3, "backend", release))
    return trail.as_dict()


def answer(**fields: object) -> Reply:
    return Reply(200, json.dumps(fields).encode())


@pytest.mark.parametrize("reply", [answer(release="abc"), answer(status="ok"), Reply(204, b""), Reply(200, b"plain")])
def test_a_healthy_service_passes(reply: Reply) -> None:
    assert health(reply)["ok"]


def test_an_older_release_that_still_answers_fails_in_release() -> None:
    part = health(answer(release="older"))
    assert (part["failed_stage"], part["cause"]) == ("release", "release older answers, and abc is the current one")
    assert "systemctl restart backend" in part["fix"]


@pytest.mark.parametrize("status", [301, 404, 500, 503])
def test_another_status_fails_in_http_and_names_the_journal(status: int) -> None:
    part = health(Reply(status))
    assert (part["failed_stage"], f"HTTP {status}" in part["cause"]) == ("http", True)
    assert "journalctl -u backend" in part["fix"]


def test_a_service_that_does_not_run_fails_in_tcp() -> None:
    trail = Trail("health", "health")
    url = f"http://127.0.0.1:{closed_port()}/health"
    walk(trail, lambda it: endpoints.health(it, url, 3, "backend", ""))
    assert trail.as_dict()["failed_stage"] == "tcp"


def test_a_server_that_says_no_http_fails_in_http() -> None:
    with tcp_server(lambda connection: None) as port:
        trail = Trail("web", "http")
        walk(trail, lambda it: void(endpoints.request(it, f"http://127.0.0.1:{port}/", 3, (), "fix")))
    assert trail.as_dict()["failed_stage"] == "http"


def test_an_answer_that_breaks_off_fails_in_http() -> None:
    def break_off(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it")

    with tcp_server(break_off) as port:
        trail = Trail("web", "http")
        walk(trail, lambda it: void(endpoints.request(it, f"http://127.0.0.1:{port}/", 3, (), "fix")))
    part = trail.as_dict()
    assert (part["failed_stage"], "broke off its answer, 90 bytes before" in part["cause"]) == ("http", True)


def test_a_status_that_was_asked_for_is_right() -> None:
    with http_server(lambda *_: Reply(401)) as port:
        trail = Trail("web", "http")
        walk(trail, lambda it: void(endpoints.request(it, f"http://127.0.0.1:{port}/", 3, (401,), "fix")))
    assert trail.as_dict()["ok"]


def test_an_open_port_passes() -> None:
    with tcp_server(lambda connection: None) as port:
        trail = Trail("port", "tcp")
        walk(trail, lambda it: endpoints.tcp(it, "127.0.0.1", port, False, 3))
    assert trail.as_dict()["ok"]
