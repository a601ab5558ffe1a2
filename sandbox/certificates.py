"""The sandbox's own certificate authorities and the certificates that they sign.

There are two. Hosts trust the stubs' authority system-wide. RDS's authority is trusted only by clients that fetch its
bundle, as in AWS.
"""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.files import write_private
from sandbox.settings import Settings

AUTHORITY_LIFETIME = timedelta(days=365)
SERVER_LIFETIME = timedelta(days=90)
#: An authority that is valid for less time is replaced.
_SPARE = timedelta(days=100)
#: Certificates begin in the past, because a host's clock can be slow.
_BACKDATED = timedelta(hours=1)

_RDS_NAMES = ("rds.amazonaws.com",)


@dataclass(frozen=True)
class Authority:
    """A certificate authority and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def pem(self) -> bytes:
        """The certificate in PEM form."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, names: Iterable[str]) -> tuple[bytes, bytes]:
        """A server certificate for the DNS *names*, with its chain, and its key, both in PEM form."""
        listed = list(names)
        key = ec.generate_private_key(ec.SECP256R1())
        # A common name has at most 64 characters. Clients check the alternative names.
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, listed[0][:64])])
        certificate = (
            _begin(subject, self.certificate.subject, key, SERVER_LIFETIME)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in listed]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(_issuer_key(self.key), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM) + self.pem(), _key_pem(key)


def sandbox_authority(settings: Settings) -> Authority:
    """The authority of the stubs, made if there is none. It can sign for their names only."""
    return _ensure(settings.ca_certificate, f"Slipway sandbox {settings.name} CA", settings.stub_names)


def rds_authority(settings: Settings) -> Authority:
    """The authority of the databases, made if there is none. It can sign for RDS endpoints only."""
    return _ensure(settings.rds_ca_certificate, f"Slipway sandbox {settings.name} RDS CA", _RDS_NAMES)


def database_certificate(settings: Settings, hostname: str) -> tuple[bytes, bytes]:
    """A database's certificate, with its chain, and its key, for the endpoint *hostname*, both in PEM form."""
    return rds_authority(settings).issue([hostname])


def server_context(authority: Authority, names: Iterable[str]) -> ssl.SSLContext:
    """A TLS server's context with a new certificate for *names*."""
    certificate, key = authority.issue(names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Python loads them only from a file, which is deleted at once.
    with tempfile.NamedTemporaryFile() as both:
        both.write(key + certificate)
        both.flush()
        context.load_cert_chain(both.name)
    return context


def _ensure(path: Path, name: str, permitted: Sequence[str]) -> Authority:
    key_path = path.with_suffix(".key")
    if path.exists() and key_path.exists():
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        if isinstance(key, ec.EllipticCurvePrivateKey) and _usable(certificate, key, permitted):
            return Authority(certificate, key)
    authority = _make(name, permitted)
    write_private(key_path, _key_pem(authority.key))
    write_private(path, authority.pem(), mode=0o644)
    return authority


def _usable(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, permitted: Sequence[str]) -> bool:
    same_key = certificate.public_key() == key.public_key()
    names = certificate.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    # A stub that the project adds later needs an authority that can sign for its name.
    same_names = [each.value for each in names] == list(permitted)
    return same_key and same_names and certificate.not_valid_after_utc > datetime.now(timezone.utc) + _SPARE


def _make(name: str, permitted: Iterable[str]) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = x509.NameConstraints([x509.DNSName(each) for each in permitted], excluded_subtrees=None)
    certificate = (
        _begin(subject, subject, key, AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(names, critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, lifetime: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _issuer_key(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
