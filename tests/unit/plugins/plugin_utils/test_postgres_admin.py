"""A host that answers in the database's place gets no password; the administrator's work, without a server."""

from __future__ import annotations

import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import psycopg
import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils import _postgres
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.dsn import Dsn
from ansible_collections.slipway.fastapi.plugins.plugin_utils import _postgres_admin as admin
from ansible_collections.slipway.fastapi.plugins.plugin_utils._service_database import DatabaseError
from ansible_collections.slipway.fastapi.plugins.plugin_utils._tunnel import Forwarded
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME = "db.aaaaaaaaaa.us-east-1.rds.amazonaws.com"
CANARY = "canary-c4d1a9-master-password"
LOGIN = Dsn(NAME, 5432, "app", "app", "canary-service", "verify-full", "/ca.pem")
RIGHT = dict.fromkeys(_postgres.ATTRIBUTES, False) | {"rolcanlogin": True}


@dataclass(frozen=True)
class Identity:
    """A certificate with its key, and what signs with it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def pem(self) -> bytes:
        """The certificate alone."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def both(self) -> bytes:
        """The certificate and its key."""
        plain = serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        return self.pem() + self.key.private_bytes(serialization.Encoding.PEM, form, plain)


def usage(authority: bool) -> x509.KeyUsage:
    """The key usage extension of a certificate: of an authority, or of a server."""
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def identity(name: str, issuer: Identity | None = None, authority: bool = False) -> Identity:
    """A certificate for a name, signed by itself where there is no issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    # Python 3.13 and later require that a certificate names its authority's key, and that the authority may sign.
    signer = (issuer.key if issuer else key).public_key()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), critical=False)
        .add_extension(usage(authority), critical=True)
        .sign(issuer.key if issuer else key, hashes.SHA256())
    )
    return Identity(certificate, key)


@pytest.fixture(scope="module")
def authority() -> Identity:
    return identity("RDS", authority=True)


@dataclass
class Liar:
    """A server behind the forwarded port. `heard` is what it was sent, inside TLS too."""

    port: int = 0
    heard: bytearray = field(default_factory=bytearray)


Lie = Callable[[socket.socket, Liar], None]


@contextmanager
def lying(lie: Lie) -> Iterator[Liar]:
    """Serve connections with a lie, until the block ends."""
    liar = Liar()
    with socket.create_server(("127.0.0.1", 0)) as server:
        liar.port = server.getsockname()[1]

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connection.settimeout(5)
                with connection, suppress(OSError):
                    lie(connection, liar)

        threading.Thread(target=serve, daemon=True).start()
        yield liar
        server.shutdown(socket.SHUT_RDWR)


def hear(connection: socket.socket, liar: Liar) -> bytes:
    data = connection.recv(4096)
    liar.heard += data
    return data


def closes(_connection: socket.socket, _liar: Liar) -> None:
    """As a host does whose SSH server forwards nothing."""


def has_no_tls(connection: socket.socket, liar: Liar) -> None:
    """As a Postgres without TLS does, which then asks for the password itself."""
    hear(connection, liar)
    connection.sendall(b"N")
    asks_for_the_password(connection, liar)


def asks_for_the_password(connection: socket.socket, liar: Liar) -> None:
    hear(connection, liar)
    connection.sendall(b"R" + struct.pack("!II", 8, 3))
    while hear(connection, liar):
        pass


def greets_as_something_else(connection: socket.socket, liar: Liar) -> None:
    hear(connection, liar)
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
    hear(connection, liar)


def with_certificate(shown: Identity) -> Lie:
    """As a Postgres with this certificate does, which then asks for the password itself."""

    def lie(connection: socket.socket, liar: Liar) -> None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(shown.both())
            file.flush()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(file.name)
        hear(connection, liar)
        connection.sendall(b"S")
        with context.wrap_socket(connection, server_side=True) as secured:
            asks_for_the_password(secured, liar)

    return lie


def server_behind(liar: Liar, authority: Identity, folder: Path, words: bytes = b"") -> admin.Server:
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(authority.pem())
    log = (folder / "log").open("w+b")
    log.write(words)
    log.flush()
    return admin.Server(NAME, 5432, Forwarded(liar.port, log), ca_file, 5, "i-0badbadbad")


LIES: dict[str, tuple[Callable[[Identity], Lie], str]] = {
    "closes": (lambda _ca: closes, "AllowTcpForwarding"),
    "no TLS": (lambda _ca: has_no_tls, "does not offer TLS"),
    "no Postgres": (lambda _ca: greets_as_something_else, "TLS"),
    "signed by itself": (lambda _ca: with_certificate(identity(NAME)), "does not trust the issuer"),
    "another authority": (
        lambda _ca: with_certificate(identity(NAME, identity("Elsewhere", authority=True))),
        "does not trust the issuer",
    ),
    "an authority of the same name": (
        lambda _ca: with_certificate(identity(NAME, identity("RDS", authority=True))),
        "the certificate of",
    ),
    "another database of RDS": (
        lambda ca: with_certificate(identity("other.aaaaaaaaaa.us-east-1.rds.amazonaws.com", ca)),
        "is for another name",
    ),
}


@pytest.mark.parametrize(("lie", "words"), LIES.values(), ids=LIES.keys())
def test_a_host_that_answers_in_the_databases_place_gets_no_password(
    tmp_path: Path, authority: Identity, lie: Callable[[Identity], Lie], words: str
) -> None:
    with lying(lie(authority)) as liar:
        server = server_behind(liar, authority, tmp_path)
        with pytest.raises(DatabaseError) as refused:
            server.prove()
        # Even without the proof before it, the login itself gives nothing away.
        with pytest.raises(DatabaseError):
            admin.correct(server, LOGIN, admin.Master("slipway", CANARY), admin.Found(None, True), check_mode=False)
        with pytest.raises(DatabaseError):
            admin.look(server, LOGIN)
    message = str(refused.value)
    assert words in message
    assert "through the host i-0badbadbad, stage tls" in message
    assert "do not trust the host i-0badbadbad" in message
    assert str(tmp_path) not in message
    assert b"canary" not in liar.heard
    assert CANARY not in message


def test_a_trusted_server_that_asks_for_the_password_itself_gets_a_refusal(tmp_path: Path, authority: Identity) -> None:
    """The control of the test above: this certificate is the right one, and the harness hears inside TLS."""
    with lying(with_certificate(identity(NAME, authority))) as liar:
        server = server_behind(liar, authority, tmp_path)
        server.prove()
        with pytest.raises(admin.RefusedError, match=r"asks for the password itself.*SCRAM") as refused:
            server.log_in("slipway", CANARY, "postgres", admin.ADMIN_FIX)
        assert refused.value.kind == "method"
        assert b"slipway" in liar.heard
        assert CANARY.encode() not in liar.heard
        # As every client did before: the harness does find a password that is sent.
        with suppress(psycopg.OperationalError):
            psycopg.connect(
                host=NAME, hostaddr="127.0.0.1", port=liar.port, user="slipway", password=CANARY,
                sslmode="require", gssencmode="disable", connect_timeout=2,
            )  # fmt: skip
        assert CANARY.encode() in liar.heard


def test_what_ssh_says_is_told_and_cannot_write_to_the_terminal(tmp_path: Path, authority: Identity) -> None:
    with lying(closes) as liar:
        server = server_behind(liar, authority, tmp_path, b"channel 2: open failed:\x1b]0;x\x07 prohibited\n")
        with pytest.raises(DatabaseError, match=r"\(ssh: channel 2: open failed:") as refused:
            server.prove()
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("source", ["http://truststore.invalid/bundle.pem", "/nowhere.pem", "file:///etc/passwd"])
def test_a_bundle_that_cannot_be_had_is_named(source: str) -> None:
    with (
        pytest.raises(DatabaseError, match=r"no CA bundle of RDS from .*database_control_ca"),
        admin.ca_bundle(source, 1),
    ):
        pass


def test_a_bundle_is_a_file_until_the_block_ends(tmp_path: Path, authority: Identity) -> None:
    path = tmp_path / "rds.pem"
    path.write_bytes(authority.pem())
    with admin.ca_bundle(str(path), 1) as copy:
        assert copy.read_bytes() == authority.pem()
    assert not copy.exists()


class FakeServer:
    """Stands for Server: a session that answers with what there is, before and after the statements."""

    def __init__(self, *states: _postgres.Present) -> None:
        self.states = list(states)
        self.ran: list[str] = []
        self.pgconn = self

    def log_in(self, user: str, password: str, *_rest: Any) -> FakeServer:
        self.user, self.password = user, password
        return self

    def __enter__(self) -> FakeServer:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def encrypt_password(self, *_arguments: bytes) -> bytes:
        return b"SCRAM-SHA-256$verifier"

    def execute(self, statement: Any) -> None:
        self.ran.append(statement.as_string())


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin._postgres, "read", lambda session, *_names: session.states.pop(0))


MASTER = admin.Master("slipway", CANARY)
NOTHING, WHOLE = _postgres.Present(None), _postgres.Present(RIGHT, owner="app")


@pytest.mark.usefixtures("read")
def test_a_role_is_made_with_a_verifier_and_looked_at_again() -> None:
    server: Any = FakeServer(NOTHING, WHOLE)
    assert admin.correct(server, LOGIN, MASTER, admin.Found(None, True), check_mode=False).changed
    assert (server.user, server.password) == ("slipway", CANARY)
    assert server.ran[0] == "CREATE ROLE \"app\" LOGIN PASSWORD 'SCRAM-SHA-256$verifier'"
    assert LOGIN.password not in str(server.ran)


@pytest.mark.usefixtures("read")
def test_a_dry_run_looks_and_changes_nothing() -> None:
    server: Any = FakeServer(NOTHING)
    assert admin.correct(server, LOGIN, MASTER, admin.Found(None, True), check_mode=True).changed
    assert server.ran == []


@pytest.mark.usefixtures("read")
def test_what_stays_wrong_after_the_statements_is_a_failure() -> None:
    server: Any = FakeServer(
        _postgres.Present(RIGHT, ("rds_superuser",), "app"), _postgres.Present(RIGHT, ("rds_superuser",), "app")
    )
    with pytest.raises(DatabaseError, match="could not correct role app in rds_superuser: member; let the role that"):
        admin.correct(server, LOGIN, MASTER, admin.Found(WHOLE, True), check_mode=False)


@pytest.mark.usefixtures("read")
def test_a_password_that_works_is_not_set_again() -> None:
    server: Any = FakeServer(_postgres.Present(RIGHT | {"rolcreatedb": True}, owner="app"), WHOLE)
    admin.correct(server, LOGIN, MASTER, admin.Found(WHOLE, True), check_mode=False)
    assert server.ran == ['ALTER ROLE "app" NOCREATEDB']


def test_the_master_user_is_no_role_of_a_service() -> None:
    server: Any = FakeServer()
    with pytest.raises(DatabaseError, match="app is the master user: give the service a role of its own"):
        admin.correct(server, LOGIN, admin.Master("app", CANARY), admin.Found(None, True), check_mode=False)


@pytest.mark.usefixtures("read")
def test_a_login_that_is_right_needs_no_administrator() -> None:
    server: Any = FakeServer(WHOLE)
    assert admin.look(server, LOGIN) == admin.Found(WHOLE, changed=False)


def test_secrets_are_in_no_representation() -> None:
    assert CANARY not in repr(MASTER)
