"""Which files HTTPS can be served from, and what is said of the others."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from tests.unit.plugins.running import Runner

NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
Key = ec.EllipticCurvePrivateKey


def new_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


OWN, OTHER, AUTHORITY = new_key(), new_key(), new_key()


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def issued(key: Key, subject: str = "api.example.com", begin: float = -1, end: float = 90) -> str:
    builder = x509.CertificateBuilder(
        issuer_name=name("authority"),
        subject_name=name(subject),
        public_key=key.public_key(),
        serial_number=0x4A11C0,
        not_valid_before=NOW + begin * DAY,
        not_valid_after=NOW + end * DAY,
    )
    named = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
    return named.sign(AUTHORITY, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def text(key: Key, encryption: KeySerializationEncryption | None = None) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()).decode()


CHAIN = issued(AUTHORITY, "authority")
GOOD = issued(OWN) + CHAIN + text(OWN)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner("certificate", {"path": str(tmp_path / "service.pem")})


def test_a_complete_file_is_good_in_any_form(runner: Runner, tmp_path: Path) -> None:
    for content in (GOOD, text(OWN) + issued(OWN) + CHAIN, GOOD.replace("\n-----BEGIN", "\n\nnote\n-----BEGIN")):
        (tmp_path / "service.pem").write_text(content)
        found = runner.check()
        assert found["changed"] is False
        assert (found["names"], found["serial"]) == (["api.example.com"], "4A11C0")
        assert found["not_after"] == (NOW + 90 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert not found.get("warnings")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(None, "cannot be read", id="missing"),
        pytest.param("no certificate", "no certificate in PEM form", id="other"),
        pytest.param(issued(OWN) + CHAIN, "no private key", id="without key"),
        pytest.param(GOOD + text(OTHER), "2 private keys", id="two keys"),
        pytest.param(issued(OWN) + CHAIN + text(OTHER), "not that of its certificate", id="mismatch"),
        pytest.param(CHAIN + issued(OWN) + text(OWN), "must be the first", id="order"),
        pytest.param(issued(OWN, end=-0.5) + CHAIN + text(OWN), "renew it first", id="expired"),
        pytest.param(issued(OWN, begin=1) + CHAIN + text(OWN), "begins only on", id="not yet"),
        pytest.param(
            issued(OWN) + CHAIN + text(OWN, BestAvailableEncryption(b"secret")), "with a password", id="encrypted"
        ),
        pytest.param(
            issued(OWN) + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "cannot be read",
            id="broken key",
        ),
    ],
)
def test_a_file_that_cannot_serve_is_refused_with_the_reason(
    runner: Runner, tmp_path: Path, content: str | None, told: str
) -> None:
    if content is not None:
        (tmp_path / "service.pem").write_text(content)
    message = runner.fail()
    assert told in message
    assert "PRIVATE KEY" not in message


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(issued(OWN) + text(OWN), "append the chain", id="no chain"),
        pytest.param(issued(OWN, end=3.5) + CHAIN + text(OWN), "ends in 3 days", id="soon"),
    ],
)
def test_what_is_no_error_is_said(runner: Runner, tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "service.pem").write_text(content)
    assert told in str(runner.run()["warnings"])
