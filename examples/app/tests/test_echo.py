"""`/echo` says back what it was sent."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient


def test_it_says_the_text_and_the_release(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_RELEASE", "0123456789ab-01234567")
    answer = client.post("/echo", json={"text": "Grüße, \u2713"})
    assert answer.status_code == 200
    assert answer.json() == {"text": "Grüße, \u2713", "release": "0123456789ab-01234567"}


def test_too_much_is_refused(client: TestClient) -> None:
    assert client.post("/echo", json={"text": "x" * 10_001}).status_code == 422
