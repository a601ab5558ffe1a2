"""Tavily and Gemini: each answer turns exactly one stage red, and none shows the key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._probes import gemini, keyed_api, tavily
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.runner import walk
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.stages import Trail

from tests.unit.plugins.module_utils.probes.servers import Authority, Reply, http_server

KEY = "tvly-0123456789"
APIS = {"tavily": tavily.api, "gemini": gemini.api}
VARIABLES = {"tavily": "TAVILY_API_KEY", "gemini": "GEMINI_API_KEY"}
ALL = ["key", "dns", "tcp", "tls", "http", "auth", "quota"]


def google_error(status: int, reason: str) -> Reply:
    """An error in the form that Google's APIs answer with."""
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
    return Reply(status, json.dumps({"error": {"code": status, "message": KEY, "details": [info]}}).encode())


def usage(**sections: Mapping[str, Any]) -> Reply:
    """A usage report of Tavily's."""
    return Reply(200, json.dumps(sections).encode())


def run(name: str, reply: Reply, authority: Authority, key: str = KEY) -> tuple[dict[str, Any], Mapping[str, str]]:
    """The probe's part of the report, and the headers that the server saw."""
    seen: dict[str, str] = {}

    def answer(path: str, headers: Mapping[str, str]) -> Reply:
        seen.update({header.lower(): value for header, value in headers.items()}, path=path)
        return reply

    with http_server(answer, authority.context("localhost")) as port:
        api = APIS[name](url=f"https://localhost:{port}/some/path?a=b")
        trail = Trail(name, name)
        walk(trail, lambda it: keyed_api.probe(it, api, {VARIABLES[name]: key}, 5))
    return trail.as_dict(), seen


@pytest.mark.parametrize("name", APIS)
def test_a_good_key_passes_every_stage(name: str, authority: Authority, trusted: Path) -> None:
    part, seen = run(name, Reply(), authority)
    assert part["ok"], part
    assert [stage["stage"] for stage in part["stages"]] == ALL
    assert seen["path"] == "/some/path?a=b"
    assert (seen["authorization"] if name == "tavily" else seen["x-goog-api-key"]).endswith(KEY)


@pytest.mark.parametrize(
    ("name", "reply", "stage", "words"),
    [
        ("tavily", Reply(401), "auth", "does not accept the key in TAVILY_API_KEY"),
        ("tavily", Reply(403), "auth", "does not accept the key"),
        ("tavily", Reply(429), "quota", "too many requests"),
        ("tavily", Reply(432), "quota", "credits are used up"),
        ("tavily", Reply(433), "quota", "credits are used up"),
        ("tavily", usage(key={"usage": 100, "limit": 100}), "quota", "100 of the key's 100"),
        (
            "tavily",
            usage(key={"usage": 1, "limit": None}, account={"plan_usage": 1000, "plan_limit": 1000}),
            "quota",
            "1000 of the account's 1000",
        ),
        ("tavily", Reply(404), "http", "HTTP 404"),
        ("tavily", Reply(302), "http", "HTTP 302"),
        ("tavily", Reply(500), "http", "its own error, HTTP 500"),
        ("gemini", google_error(400, "API_KEY_INVALID"), "auth", "does not accept the key in GEMINI_API_KEY"),
        ("gemini", Reply(401), "auth", "does not accept the key"),
        ("gemini", google_error(403, "API_KEY_IP_ADDRESS_BLOCKED"), "auth", "API_KEY_IP_ADDRESS_BLOCKED"),
        ("gemini", Reply(403, b"no json"), "auth", "PERMISSION_DENIED"),
        ("gemini", Reply(429), "quota", "quota"),
        ("gemini", google_error(400, "SOMETHING_ELSE"), "http", "HTTP 400"),
        ("gemini", Reply(503), "http", "its own error, HTTP 503"),
    ],
)
def test_an_answer_turns_its_stage_red(
    name: str, reply: Reply, stage: str, words: str, authority: Authority, trusted: Path
) -> None:
    part, _ = run(name, reply, authority)
    assert (part["ok"], part["failed_stage"]) == (False, stage)
    assert words in part["cause"]
    assert part["fix"]
    assert [one["stage"] for one in part["stages"]] == ALL[: ALL.index(stage) + 1]
    assert KEY not in json.dumps(part)


@pytest.mark.parametrize(
    "report",
    [
        usage(key={"usage": 99, "limit": 100}),
        usage(account={"plan_usage": 1000, "plan_limit": 1000, "paygo_usage": 1, "paygo_limit": 50}),
        usage(account={"plan_usage": 5}),
        Reply(200, b"[]"),
        Reply(200, b"no json"),
    ],
)
def test_what_is_left_or_unknown_is_no_failure(report: Reply, authority: Authority, trusted: Path) -> None:
    assert run("tavily", report, authority)[0]["ok"]


@pytest.mark.parametrize("key", ["", "with space", "'quoted'", "line\nbreak", "non-äscii"])
@pytest.mark.parametrize("name", APIS)
def test_what_cannot_be_a_key_fails_before_anything_is_sent(name: str, key: str, authority: Authority) -> None:
    part, seen = run(name, Reply(), authority, key)
    assert (part["failed_stage"], seen) == ("key", {})
    assert VARIABLES[name] in part["cause"]
    assert not key or key not in json.dumps(part)


def test_an_authority_that_is_not_trusted_fails_in_tls(stranger: Authority, trusted: Path) -> None:
    part, seen = run("gemini", Reply(), stranger)
    assert (part["failed_stage"], seen) == ("tls", {})
