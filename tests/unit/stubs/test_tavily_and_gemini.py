"""The stubs of Tavily and Gemini, as the project's sandbox serves them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from sandbox.project import load
from sandbox.server.stubs import application
from tests.unit.repo.helpers import ROOT

STUBS = {stub.name: stub for stub in load(ROOT).stubs}
TAVILY_NAME, GEMINI_NAME = STUBS["tavily"].hostname, STUBS["gemini"].hostname
KEY = "the-right-key"
PROMPT = {"contents": [{"role": "user", "parts": [{"text": "What is here?"}]}]}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    # The Gemini stub pauses between the parts of a streamed answer.
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    return Client(application.create({stub.hostname: application.load(stub, KEY) for stub in STUBS.values()}))


def ask_tavily(client: Client, method: str, path: str, key: str | None = KEY, **options: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return client.open(path, method=method, base_url=f"https://{TAVILY_NAME}", headers=headers, **options)


def ask_gemini(client: Client, method: str, path: str, key: str | None = KEY, **options: Any) -> TestResponse:
    headers = {"x-goog-api-key": key} if key else {}
    return client.open(f"/v1beta/{path}", method=method, base_url=f"https://{GEMINI_NAME}", headers=headers, **options)


@pytest.mark.parametrize("key", [None, "", "wrong", KEY + "x"])
@pytest.mark.parametrize(("method", "path"), [("GET", "/usage"), ("POST", "/search")])
def test_tavily_refuses_a_wrong_key(client: Client, key: str | None, method: str, path: str) -> None:
    answer = ask_tavily(client, method, path, key, json={"query": "q"} if method == "POST" else None)
    assert answer.status_code == 401
    assert answer.json == {"detail": {"error": "Unauthorized: missing or invalid API key."}}


def test_tavily_counts_searches(client: Client) -> None:
    assert ask_tavily(client, "GET", "/usage").json["key"]["usage"] == 0
    found = ask_tavily(client, "POST", "/search", json={"query": "harbours", "max_results": 2, "include_answer": True})
    assert found.status_code == 200
    assert found.json["query"] == "harbours"
    assert [set(each) for each in found.json["results"]] == [{"url", "title", "content", "score", "raw_content"}] * 2
    assert "harbours" in found.json["answer"]
    assert ask_tavily(client, "GET", "/usage").json["key"]["usage"] == 1


def test_tavily_wants_a_query(client: Client) -> None:
    assert ask_tavily(client, "POST", "/search", json={}).status_code == 400
    assert ask_tavily(client, "POST", "/search", data=b"not json").status_code == 400


@pytest.mark.parametrize("key", [None, "", "wrong"])
def test_gemini_refuses_a_wrong_key(client: Client, key: str | None) -> None:
    answer = ask_gemini(client, "GET", "models", key)
    assert answer.status_code == 401
    assert answer.json["error"]["details"][0]["reason"] == "API_KEY_INVALID"


def test_gemini_takes_the_key_from_the_query_too(client: Client) -> None:
    assert ask_gemini(client, "GET", f"models?key={KEY}", None).status_code == 200
    assert ask_gemini(client, "GET", "models?key=wrong", None).status_code == 401


def test_gemini_lists_models(client: Client) -> None:
    models = ask_gemini(client, "GET", "models").json["models"]
    assert "models/gemini-2.5-flash" in [model["name"] for model in models]
    assert ask_gemini(client, "GET", "models/gemini-2.5-flash").json["name"] == "models/gemini-2.5-flash"
    assert ask_gemini(client, "GET", "models/gemini-0").status_code == 404


def test_gemini_generates(client: Client) -> None:
    answer = ask_gemini(client, "POST", "models/gemini-2.5-flash:generateContent", json=PROMPT).json
    assert "What is here?" in answer["candidates"][0]["content"]["parts"][0]["text"]
    assert answer["candidates"][0]["finishReason"] == "STOP"
    usage = answer["usageMetadata"]
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["candidatesTokenCount"]


def test_gemini_wants_contents(client: Client) -> None:
    answer = ask_gemini(client, "POST", "models/gemini-2.5-flash:generateContent", json={})
    assert (answer.status_code, answer.json["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_gemini_streams_events(client: Client) -> None:
    answer = ask_gemini(client, "POST", "models/gemini-2.5-flash:streamGenerateContent?alt=sse", json=PROMPT)
    assert answer.content_type.startswith("text/event-stream")
    events = [json.loads(event.removeprefix("data: ")) for event in answer.text.split("\r\n\r\n") if event]
    assert "".join(_text(event) for event in events) == "The sandbox read: What is here?"
    assert ["finishReason" in event["candidates"][0] for event in events].index(True) == len(events) - 1
    assert len({event["responseId"] for event in events}) == 1


def test_gemini_streams_a_list(client: Client) -> None:
    answer = ask_gemini(client, "POST", "models/gemini-2.5-flash:streamGenerateContent", json=PROMPT)
    assert "".join(map(_text, answer.json)) == "The sandbox read: What is here?"


def _text(part: dict[str, Any]) -> str:
    text: str = part["candidates"][0]["content"]["parts"][0]["text"]
    return text


@pytest.mark.parametrize("name", [TAVILY_NAME, GEMINI_NAME])
def test_unknown_paths_are_404(client: Client, name: str) -> None:
    assert client.get("/nothing/here", base_url=f"https://{name}").status_code == 404
