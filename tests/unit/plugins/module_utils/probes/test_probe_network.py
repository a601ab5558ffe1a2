"""Name resolution, TCP and TLS: which stage fails, and what is said of it."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._probes import network
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.network import Target, connect
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.stages import StageError, Trail

from tests.unit.plugins.module_utils.probes.servers import Authority, Reply, closed_port, http_server, tcp_server


def outcome(target: Target, tls: bool) -> tuple[str, str, str]:
    """The failing stage with its cause and fix."""
    trail = Trail("test", "tcp")
    with pytest.raises(StageError):
        connect(trail, target, tls)
    part = trail.as_dict()
    return part["failed_stage"], part["cause"], part["fix"]


def test_all_stages_of_a_tls_connection_have_a_time_and_a_message(authority: Authority) -> None:
    with http_server(lambda *_: Reply(), authority.context("localhost")) as port:
        trail = Trail("test", "tcp")
        connect(trail, Target("localhost", port, 5, ca_file=str(authority.bundle)), tls=True).close()
    stages = trail.as_dict()["stages"]
    assert [(stage["stage"], stage["ok"]) for stage in stages] == [("dns", True), ("tcp", True), ("tls", True)]
    assert all(stage["seconds"] >= 0 and stage["message"] for stage in stages)


def test_a_name_that_does_not_exist_fails_in_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", missing)
    stage, cause, fix = outcome(Target("db.invalid", 1, 5), tls=False)
    assert (stage, "db.invalid has no address" in cause, "getent ahosts db.invalid" in fix) == ("dns", True, True)


def test_a_name_server_without_an_answer_fails_in_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    stage, cause, fix = outcome(Target("db.invalid", 1, 5), tls=False)
    assert (stage, "no answer" in cause, "resolv.conf" in fix) == ("dns", True, True)


def test_a_hanging_resolver_is_left_behind_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(30))
    began = time.monotonic()
    stage, cause, _ = outcome(Target("db.invalid", 1, 0.2), tls=False)
    assert (stage, "within 0.2 s" in cause) == ("dns", True)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("host", ["a" * 64 + ".invalid", "a..b"])
def test_what_cannot_be_a_name_fails_in_dns(host: str) -> None:
    assert outcome(Target(host, 1, 5), tls=False)[0] == "dns"


def test_a_closed_port_fails_in_tcp() -> None:
    stage, cause, fix = outcome(Target("127.0.0.1", closed_port(), 5, open_fix="open it"), tls=False)
    assert (stage, "refuses the connection" in cause, fix) == ("tcp", True, "open it")


def test_dropped_packets_fail_in_tcp_when_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(self: socket.socket, _address: Any) -> None:
        time.sleep(self.gettimeout() or 0)
        raise socket.timeout("timed out")

    monkeypatch.setattr(socket.socket, "connect", silent)
    stage, cause, fix = outcome(Target("127.0.0.1", 9, 0.1), tls=False)
    assert (stage, "packets are dropped" in cause, "security group" in fix) == ("tcp", True, True)


def test_the_next_address_is_tried_when_one_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with http_server(lambda *_: Reply()) as port:
        refused, good = ("127.0.0.1", closed_port()), ("127.0.0.1", port)
        addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in (refused, good)]
        monkeypatch.setattr(network, "resolve", lambda _target: addresses)
        connect(Trail("test", "tcp"), Target("two.invalid", port, 5), tls=False).close()


def test_an_unknown_issuer_fails_in_tls(authority: Authority, stranger: Authority) -> None:
    with http_server(lambda *_: Reply(), stranger.context("localhost")) as port:
        stage, cause, fix = outcome(Target("localhost", port, 5, ca_file=str(authority.bundle)), tls=True)
    assert (stage, "does not trust the issuer" in cause, "CA bundle" in fix) == ("tls", True, True)
    assert str(authority.bundle) in cause


def test_another_name_in_the_certificate_fails_in_tls(authority: Authority) -> None:
    with http_server(lambda *_: Reply(), authority.context("other.invalid")) as port:
        stage, cause, _ = outcome(Target("localhost", port, 5, ca_file=str(authority.bundle)), tls=True)
    assert (stage, "another name" in cause) == ("tls", True)


def test_an_expired_certificate_fails_in_tls(authority: Authority) -> None:
    with http_server(lambda *_: Reply(), authority.context("localhost", expired=True)) as port:
        stage, cause, fix = outcome(Target("localhost", port, 5, ca_file=str(authority.bundle)), tls=True)
    assert (stage, "has expired" in cause, "clock" in fix) == ("tls", True, True)


def test_a_port_without_tls_fails_in_tls(authority: Authority) -> None:
    with tcp_server(lambda connection: connection.sendall(b"220 mail.invalid\r\n")) as port:
        stage, cause, _ = outcome(Target("localhost", port, 5, ca_file=str(authority.bundle)), tls=True)
    assert (stage, "does not complete a TLS handshake" in cause) == ("tls", True)


def test_a_handshake_that_hangs_fails_in_tls(authority: Authority) -> None:
    with tcp_server(lambda connection: time.sleep(2)) as port:
        stage, cause, fix = outcome(Target("localhost", port, 0.3, ca_file=str(authority.bundle)), tls=True)
    assert (stage, "within 0.3 s" in cause, "MTU" in fix) == ("tls", True, True)


def test_a_missing_ca_bundle_fails_in_tls(tmp_path: Path) -> None:
    with tcp_server(lambda connection: None) as port:
        stage, cause, fix = outcome(Target("localhost", port, 5, ca_file=str(tmp_path / "none.pem")), tls=True)
    assert (stage, "cannot be read" in cause, "configure.yml" in fix) == ("tls", True, True)
