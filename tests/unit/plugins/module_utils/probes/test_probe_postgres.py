"""Postgres: URLs, the TLS question, and what the server's refusals mean."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import psycopg
import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._probes import dsn, postgres, rds
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.runner import walk
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.stages import StageError, Trail

from tests.unit.plugins.module_utils.probes.servers import Authority, closed_port, tcp_server

PASSWORD = "p@ss/w:rd%?#"  # noqa: S105 - nobody's
GOOD = dsn.Dsn("db.invalid", 5432, "app", "app", PASSWORD, "verify-full", "/opt/slipway/etc/rds-ca.pem")


def test_a_url_is_read_as_it_was_written() -> None:
    assert dsn.parse(GOOD.url()) == GOOD


def test_libpq_reads_the_url_in_the_same_way() -> None:
    read = psycopg.conninfo.conninfo_to_dict(GOOD.url())
    assert read == {
        "host": "db.invalid",
        "port": "5432",
        "dbname": "app",
        "user": "app",
        "password": PASSWORD,
        "sslmode": "verify-full",
        "sslrootcert": "/opt/slipway/etc/rds-ca.pem",
    }


def test_a_url_with_a_drivers_name_and_defaults_is_read() -> None:
    read = dsn.parse("postgresql+asyncpg://me:secret@db.invalid")
    assert (read.port, read.database, read.sslmode) == (5432, "me", "prefer")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mysql://a:secret@h/d",
        "postgresql://h/d",
        "postgresql://a@h/d",
        "postgresql://a:secret@/d",
        "postgresql://a:secret@h:port/d",
        "postgresql://a:secret@h:99999/d",
        "postgresql://a:secret@[h/d",
    ],
)
def test_an_unusable_url_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(StageError) as caught:
        dsn.parse(url)
    assert caught.value.kind == "url"
    assert "secret" not in caught.value.cause + caught.value.fix


def test_a_password_is_not_in_the_representation() -> None:
    assert PASSWORD not in repr(GOOD)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ('password authentication failed for user "app"', "password"),
        ('no pg_hba.conf entry for host "10.0.0.1", user "app", database "app", SSL encryption', "role"),
        ('role "app" is not permitted to log in', "role"),
        ('role "app" does not exist', "role"),
        ('permission denied for database "app"', "role"),
        ('database "app" does not exist', "database"),
        ("sorry, too many clients already", "busy"),
        ("remaining connection slots are reserved for roles with the SUPERUSER attribute", "busy"),
        ("too many connections for role", "busy"),
        ("the database system is starting up", "busy"),
        ("something new", "other"),
    ],
)
def test_a_refusal_is_understood(reason: str, kind: str) -> None:
    text = f'connection failed: connection to server at "10.0.0.1", port 5432 failed: FATAL:  {reason}\n'
    found = postgres.refused(psycopg.OperationalError(text), GOOD, "do this")
    assert found.kind == kind
    assert found.cause
    assert (found.fix == "do this") == (kind != "busy")


def test_what_libpq_itself_finds_is_told() -> None:
    text = 'connection failed: root certificate file "/x/root.crt" does not exist'
    assert "root certificate file" in postgres.refused(psycopg.OperationalError(text), GOOD, "do this").cause


def speak(reply: bytes, context: ssl.SSLContext | None = None) -> object:
    """A server that answers the question for TLS and, where it agreed, shakes hands."""

    def serve(connection: socket.socket) -> None:
        assert connection.recv(8) == postgres.SSL_REQUEST
        connection.sendall(reply)
        if context:
            context.wrap_socket(connection, server_side=True).recv(1)

    return serve


def failing_stage(port: int, ca_file: Path, sslmode: str = "verify-full") -> tuple[str, str]:
    """Run the whole probe against a port: its failing stage and cause."""
    url = dsn.Dsn("localhost", port, "app", "app", PASSWORD, sslmode, str(ca_file)).url()
    trail = Trail("rds", "rds")
    walk(trail, lambda it: rds.probe(it, "DATABASE_URL", {"DATABASE_URL": url}, 3))
    part = trail.as_dict()
    assert PASSWORD not in str(part)
    return part["failed_stage"], part["cause"]


def test_a_missing_url_fails_in_url() -> None:
    trail = Trail("rds", "rds")
    walk(trail, lambda it: rds.probe(it, "DATABASE_URL", {}, 3))
    assert trail.as_dict()["failed_stage"] == "url"


def test_a_closed_port_fails_in_tcp(authority: Authority) -> None:
    assert failing_stage(closed_port(), authority.bundle)[0] == "tcp"


def test_a_server_without_tls_fails_in_tls(authority: Authority) -> None:
    with tcp_server(speak(b"N")) as port:  # type: ignore[arg-type]
        stage, cause = failing_stage(port, authority.bundle)
    assert (stage, "does not offer TLS" in cause) == ("tls", True)


@pytest.mark.parametrize("reply", [b"H", b""])
def test_another_kind_of_server_fails_in_tls(authority: Authority, reply: bytes) -> None:
    with tcp_server(speak(reply)) as port:  # type: ignore[arg-type]
        stage, cause = failing_stage(port, authority.bundle)
    assert (stage, "is no Postgres server" in cause) == ("tls", True)


@pytest.mark.parametrize("sslmode", ["verify-full", "verify-ca"])
def test_an_unknown_issuer_fails_in_tls(authority: Authority, stranger: Authority, sslmode: str) -> None:
    with tcp_server(speak(b"S", stranger.context("localhost"))) as port:  # type: ignore[arg-type]
        stage, cause = failing_stage(port, authority.bundle, sslmode)
    assert (stage, "does not trust the issuer" in cause) == ("tls", True)


def test_a_certificate_for_another_name_fails_in_tls_only_with_verify_full(authority: Authority) -> None:
    with tcp_server(speak(b"S", authority.context("other.invalid"))) as port:  # type: ignore[arg-type]
        assert failing_stage(port, authority.bundle)[0] == "tls"
    with tcp_server(speak(b"S", authority.context("other.invalid"))) as port:  # type: ignore[arg-type]
        # What follows the handshake is no Postgres, so the login fails.
        assert failing_stage(port, authority.bundle, "verify-ca")[0] == "auth"
