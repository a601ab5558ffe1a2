"""Tavily and Gemini: what is asked of them, and what the service answers when they fail it."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from tests.conftest import KEY
from tests.upstream import Upstream

FOUND = {"title": "Lisbon", "url": "https://lisbon.example", "content": "A city", "score": 0.9}
WRITTEN = {"candidates": [{"content": {"parts": [{"text": "Lisbon "}, {"text": "is a city."}]}}]}


def search(client: TestClient) -> httpx.Response:
    """Ask the service for a search."""
    answer: httpx.Response = client.get("/search?query=Lisbon&limit=3")
    return answer


def generate(client: TestClient) -> httpx.Response:
    """Ask the service for a text."""
    answer: httpx.Response = client.post("/generate", json={"prompt": "Lisbon?"})
    return answer


BOTH = pytest.mark.parametrize(("call", "dependency"), [(search, "tavily"), (generate, "gemini")])


def test_search_asks_tavily_with_the_key_as_bearer(client: TestClient, upstream: Upstream) -> None:
    upstream.will_answer(200, {"results": [FOUND]})
    answer = search(client)
    assert answer.status_code == 200
    assert answer.json() == {"results": [{key: FOUND[key] for key in ("title", "url", "content")}]}
    (asked,) = upstream.asked
    assert (asked.path, asked.headers["authorization"]) == ("/search", f"Bearer {KEY}")
    assert asked.body == {"query": "Lisbon", "max_results": 3}


def test_generate_asks_gemini_with_the_key_in_a_header(client: TestClient, upstream: Upstream) -> None:
    upstream.will_answer(200, WRITTEN)
    answer = generate(client)
    assert answer.json() == {"model": "gemini-2.5-flash", "text": "Lisbon is a city."}
    (asked,) = upstream.asked
    assert asked.path == "/v1beta/models/gemini-2.5-flash:generateContent"
    assert asked.headers["x-goog-api-key"] == KEY
    assert asked.body == {"contents": [{"parts": [{"text": "Lisbon?"}]}]}


@BOTH
@pytest.mark.parametrize(
    ("status", "body", "stage"),
    [
        (401, {}, "auth"),
        (400, {"error": {"details": [{"reason": "API_KEY_INVALID"}]}}, "auth"),
        (400, {}, "http"),
        (403, {}, "permission"),
        (429, {}, "quota"),
        (432, {}, "quota"),
        (500, {}, "http"),
        (200, b"<html>", "answer"),
        (200, {"something": "else"}, "answer"),
        (200, [], "answer"),
    ],
)
def test_a_refusal_is_502_with_its_stage(
    client: TestClient,
    upstream: Upstream,
    caplog: pytest.LogCaptureFixture,
    call: Callable[[TestClient], httpx.Response],
    dependency: str,
    status: int,
    body: Any,
    stage: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    upstream.will_answer(status, body)
    answer = call(client)
    assert answer.status_code == 502
    assert (answer.json()["dependency"], answer.json()["stage"]) == (dependency, stage)
    assert KEY not in answer.text
    assert KEY not in caplog.text


@BOTH
@pytest.mark.parametrize(
    ("url", "stage"),
    [("http://127.0.0.1:1", "tcp"), ("http://no-such-host.invalid", "dns"), ("not-a-url", "configuration")],
)
def test_a_connection_that_fails_names_its_stage(
    client: TestClient,
    upstream: Upstream,
    monkeypatch: pytest.MonkeyPatch,
    call: Callable[[TestClient], httpx.Response],
    dependency: str,
    url: str,
    stage: str,
) -> None:
    monkeypatch.setenv(f"{dependency.upper()}_BASE_URL", url)
    answer = call(client)
    assert answer.json()["stage"] == stage
    assert answer.status_code == (503 if stage == "configuration" else 502)


@BOTH
def test_a_server_that_does_not_speak_tls_is_stage_tls(
    client: TestClient,
    upstream: Upstream,
    monkeypatch: pytest.MonkeyPatch,
    call: Callable[[TestClient], httpx.Response],
    dependency: str,
) -> None:
    monkeypatch.setenv(f"{dependency.upper()}_BASE_URL", upstream.url.replace("http:", "https:"))
    assert call(client).json()["stage"] == "tls"


@BOTH
def test_a_server_that_is_silent_is_stage_timeout(
    client: TestClient,
    upstream: Upstream,
    monkeypatch: pytest.MonkeyPatch,
    call: Callable[[TestClient], httpx.Response],
    dependency: str,
) -> None:
    client.app.state.http.timeout = httpx.Timeout(0.2)  # type: ignore[attr-defined]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv(f"{dependency.upper()}_BASE_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
        assert call(client).json()["stage"] == "timeout"


@BOTH
def test_no_key_configured_is_503(
    client: TestClient,
    upstream: Upstream,
    monkeypatch: pytest.MonkeyPatch,
    call: Callable[[TestClient], httpx.Response],
    dependency: str,
) -> None:
    monkeypatch.delenv(f"{dependency.upper()}_API_KEY")
    answer = call(client)
    assert (answer.status_code, answer.json()["stage"]) == (503, "configuration")
    assert upstream.asked == []


@BOTH
@pytest.mark.parametrize("key", ["clé", "two\nlines"])
def test_a_key_that_no_header_can_carry_is_503(
    client: TestClient,
    upstream: Upstream,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    call: Callable[[TestClient], httpx.Response],
    dependency: str,
    key: str,
) -> None:
    monkeypatch.setenv(f"{dependency.upper()}_API_KEY", key)
    answer = call(client)
    assert (answer.status_code, answer.json()["stage"]) == (503, "configuration")
    assert key not in answer.text + caplog.text
