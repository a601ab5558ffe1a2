"""Sockets that are opened and closed while the process runs."""

from __future__ import annotations

import dataclasses
import logging
import socket
import ssl
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from werkzeug.wrappers import Request, Response

from sandbox import certificates
from sandbox.server.listeners import Listeners, Service
from sandbox.settings import settings_for

from .conftest import free_port
from .serve import PROJECT

STUB = PROJECT.stubs[0].hostname


@Request.application
def echo(request: Request) -> Response:
    return Response(f"{request.remote_addr} {request.path}")


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def listeners(port: int) -> Iterator[Listeners]:
    made = Listeners([Service("api", port, echo), Service("other", free_port(), echo)])
    yield made
    made.close()


def get(address: str, port: int, path: str = "/") -> str:
    connection = HTTPConnection(address, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_listening_twice_changes_nothing(listeners: Listeners, port: int) -> None:
    listeners.listen_on("127.0.0.1")
    listeners.listen_on("127.0.0.1")
    assert get("127.0.0.1", port, "/here") == "127.0.0.1 /here"


def test_an_address_can_be_stopped_and_started(listeners: Listeners, port: int) -> None:
    listeners.listen_on("127.0.0.1")
    listeners.listen_on("127.0.0.2")
    listeners.stop_on("127.0.0.2")
    with pytest.raises(ConnectionRefusedError):
        get("127.0.0.2", port)
    assert get("127.0.0.1", port)
    listeners.listen_on("127.0.0.2")
    assert get("127.0.0.2", port)


def test_one_service_can_be_served_alone(listeners: Listeners) -> None:
    listeners.listen_on("127.0.0.1", only="api")
    assert listeners.addresses() == ["127.0.0.1"]


def test_a_taken_port_is_named_and_nothing_stays_open(listeners: Listeners, port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(OSError, match=f"api cannot listen on 127.0.0.1:{port}: Address already in use"):
            listeners.listen_on("127.0.0.1")
    assert listeners.addresses() == []


def test_an_address_of_another_machine_is_refused(listeners: Listeners) -> None:
    with pytest.raises(OSError, match=r"api cannot listen on 192\.0\.2\.10"):
        listeners.listen_on("192.0.2.10")


def test_the_log_has_no_query(listeners: Listeners, port: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    listeners.listen_on("127.0.0.1")
    get("127.0.0.1", port, "/v1beta/models?key=a-secret")
    assert "/v1beta/models" in caplog.text
    assert "a-secret" not in caplog.text


def test_a_silent_client_does_not_stop_the_others(tmp_path: Path, port: int) -> None:
    settings = dataclasses.replace(settings_for("test", PROJECT), directory=tmp_path)
    authority = certificates.sandbox_authority(settings)
    context = certificates.server_context(authority, [STUB])
    listeners = Listeners([Service("stubs", port, echo, context)])
    listeners.listen_on("127.0.0.1")
    try:
        with socket.create_connection(("127.0.0.1", port)), socket.create_connection(("127.0.0.1", port)) as second:
            trusting = ssl.create_default_context(cadata=authority.pem().decode())
            with trusting.wrap_socket(second, server_hostname=STUB) as stream:
                stream.settimeout(5)
                stream.sendall(f"GET /usage HTTP/1.0\r\nHost: {STUB}\r\n\r\n".encode())
                assert b"200 OK" in stream.recv(4096)
    finally:
        listeners.close()
