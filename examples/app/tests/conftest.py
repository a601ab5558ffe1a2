"""Fixtures: the service in this process, with a real Postgres, moto's S3 and stubs for the two APIs."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from fastapi.testclient import TestClient
from moto.server import ThreadedMotoServer

import main
from service import objects
from tests.postgres import database_url
from tests.upstream import Upstream, upstream_server

BUCKET = "content-of-the-tests"
KEY = "key-that-must-not-leak"
# What would lead boto3 or httpx anywhere but to this machine.
REDIRECTIONS = ("AWS_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start each test with nothing configured, and with nothing that the shell's AWS or proxy settings would change."""
    for name in os.environ:
        if name.startswith(REDIRECTIONS):
            monkeypatch.delenv(name)
    for name in ("DATABASE_URL", "S3_BUCKET", "TAVILY_API_KEY", "GEMINI_API_KEY", "SLIPWAY_RELEASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    objects.client.cache_clear()


@pytest.fixture(autouse=True)
def no_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let names below `.invalid` fail at once, as RFC 6761 says, whatever this machine's name server does."""
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        if str(host).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.fixture
def client() -> Iterator[TestClient]:
    """The service, started and stopped as uvicorn would; an error that nobody handled is a 500, as in production."""
    with TestClient(main.app, raise_server_exceptions=False) as test_client:
        yield test_client


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a Postgres that lives as long as the tests."""
    with database_url() as url:
        yield url


@pytest.fixture
def database(postgres: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The service with its database configured."""
    monkeypatch.setenv("DATABASE_URL", postgres)
    return postgres


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The URL of an S3 that lives as long as the tests."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The service with its bucket configured, and the bucket made."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("S3_BUCKET", BUCKET)
    boto3.Session().client("s3").create_bucket(Bucket=BUCKET)
    return BUCKET


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    """Both APIs on loopback, and the service with a key for each."""
    with upstream_server() as server:
        monkeypatch.setenv("TAVILY_BASE_URL", server.url)
        monkeypatch.setenv("GEMINI_BASE_URL", server.url)
        monkeypatch.setenv("TAVILY_API_KEY", KEY)
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        yield server
