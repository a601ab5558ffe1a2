"""The sandbox's certificate authorities and their certificates."""

from __future__ import annotations

import dataclasses
import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest
from cryptography import x509

from sandbox import certificates
from sandbox.certificates import Authority
from sandbox.settings import Settings, settings_for
from sandbox.tests.server.serve import PROJECT

STUB = PROJECT.stubs[0].hostname
ENDPOINT = "app.aaaaaaaaaa.us-east-1.rds.amazonaws.com"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return dataclasses.replace(settings_for("test", PROJECT), directory=tmp_path / "sandbox")


def handshake(server: ssl.SSLContext, trusted: Authority, name: str) -> str | None:
    """Connect to a server with the context; the reason if its certificate is refused."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    client = ssl.create_default_context(cadata=trusted.pem().decode())
    try:
        client.wrap_socket(ours, server_hostname=name).close()
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    finally:
        ours.close()
        thread.join()
    return None


def test_a_client_that_trusts_the_authority_trusts_its_server(settings: Settings) -> None:
    authority = certificates.sandbox_authority(settings)
    context = certificates.server_context(authority, settings.stub_names)
    assert [handshake(context, authority, name) for name in settings.stub_names] == [None] * 3


def test_other_names_and_other_authorities_are_refused(settings: Settings) -> None:
    authority = certificates.sandbox_authority(settings)
    context = certificates.server_context(authority, [STUB])
    assert "Hostname mismatch" in (handshake(context, authority, "example.com") or "")
    assert handshake(context, certificates.rds_authority(settings), STUB)


def test_an_authority_can_sign_for_its_own_names_only(settings: Settings) -> None:
    authority = certificates.sandbox_authority(settings)
    context = certificates.server_context(authority, ["example.org"])
    assert "permitted subtree" in (handshake(context, authority, "example.org") or "")


def test_a_database_has_a_certificate_for_its_endpoint(settings: Settings) -> None:
    chain, key = certificates.database_certificate(settings, ENDPOINT)
    server, authority = x509.load_pem_x509_certificates(chain)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [ENDPOINT]
    assert authority == certificates.rds_authority(settings).certificate
    server.verify_directly_issued_by(authority)
    assert b"PRIVATE KEY" in key


def test_a_long_endpoint_is_no_error(settings: Settings) -> None:
    name = f"{'a' * 63}.aaaaaaaaaa.us-east-1.rds.amazonaws.com"
    chain, _ = certificates.database_certificate(settings, name)
    assert x509.load_pem_x509_certificates(chain)


def test_authorities_are_kept(settings: Settings) -> None:
    first = certificates.sandbox_authority(settings)
    assert certificates.sandbox_authority(settings).certificate == first.certificate
    assert settings.ca_certificate.read_bytes() == first.pem()


def test_an_authority_without_its_key_is_replaced(settings: Settings) -> None:
    first = certificates.sandbox_authority(settings)
    settings.ca_certificate.with_suffix(".key").unlink()
    assert certificates.sandbox_authority(settings).certificate != first.certificate


def test_private_files_are_private(settings: Settings) -> None:
    certificates.sandbox_authority(settings)
    certificates.rds_authority(settings)
    private = list(settings.ca_directory.glob("*.key"))
    assert len(private) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    assert not list(settings.directory.rglob(".*")), "an unfinished file is left"


def test_a_new_stub_gets_an_authority_that_can_sign_for_it(settings: Settings) -> None:
    fewer = dataclasses.replace(settings, project=dataclasses.replace(PROJECT, stubs=PROJECT.stubs[1:]))
    first = certificates.sandbox_authority(fewer)
    authority = certificates.sandbox_authority(settings)
    assert authority.certificate != first.certificate
    context = certificates.server_context(authority, settings.stub_names)
    assert handshake(context, authority, STUB) is None
