"""Stub services: how the project's are loaded and served, and RDS's trust store."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from werkzeug.test import Client

from sandbox.project import Stub
from sandbox.server.stubs import application, truststore
from sandbox.settings import TRUSTSTORE_NAME
from sandbox.tests.server.serve import PROJECT

KEY = "the-right-key"
ECHO, OPEN = PROJECT.stubs


@pytest.fixture
def client() -> Client:
    handlers = {
        ECHO.hostname: application.load(ECHO, KEY),
        OPEN.hostname: application.load(OPEN, ""),
        TRUSTSTORE_NAME: truststore.create(b"-----BEGIN CERTIFICATE-----"),
    }
    return Client(application.create(handlers))


def test_a_stub_answers_at_its_host_name(client: Client) -> None:
    answer = client.get("/somewhere", base_url=f"https://{ECHO.hostname.upper()}:443", headers={"X-Key": KEY})
    assert (answer.status_code, answer.json) == (200, {"path": "/somewhere"})


@pytest.mark.parametrize("key", [None, "", "wrong", KEY + "x"])
def test_a_stub_refuses_a_wrong_key(client: Client, key: str | None) -> None:
    headers = {} if key is None else {"X-Key": key}
    assert client.get("/", base_url=f"https://{ECHO.hostname}", headers=headers).status_code == 401


def test_a_stub_without_a_key_gets_an_empty_one(client: Client) -> None:
    assert client.get("/", base_url=f"https://{OPEN.hostname}").json == {"key": ""}


def test_the_truststore_serves_the_bundle(client: Client) -> None:
    base = f"https://{TRUSTSTORE_NAME}"
    assert client.get("/global/global-bundle.pem", base_url=base).data == b"-----BEGIN CERTIFICATE-----"
    assert client.get("/", base_url=base).status_code == 404


def test_an_unknown_host_name_is_404(client: Client) -> None:
    assert client.get("/", base_url="https://example.com").status_code == 404


@pytest.mark.parametrize(
    "content", ["", "create = 5", "def create(key):\n    raise KeyError(key)", "import nothing_here"]
)
def test_a_handler_file_that_fails_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "handler.py"
    file.write_text(content)
    with pytest.raises(application.StubError, match=f"stub bad .*{re.escape(str(file))}.*create"):
        application.load(Stub("bad", "bad.example.com", file), KEY)


def test_a_handler_file_is_python(tmp_path: Path) -> None:
    with pytest.raises(application.StubError, match="ends with .py"):
        application.load(Stub("bad", "bad.example.com", tmp_path / "handler.txt"), KEY)
