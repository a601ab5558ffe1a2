"""`/health` answers whatever else is broken."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

APP = Path(__file__).parent.parent


def test_health_names_the_release(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_RELEASE", "0123456789ab-01234567")
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "release": "0123456789ab-01234567"}


def test_health_of_a_service_started_by_hand_has_no_release(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok", "release": None}


def test_health_does_not_touch_a_database_that_is_down(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://app:app@127.0.0.1:1/app")
    assert client.get("/health").status_code == 200


def test_import_needs_no_environment_at_all() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import main"], cwd=APP, env={}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
