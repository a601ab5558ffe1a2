"""The machine's own certificate authorities."""

from __future__ import annotations

import ssl
from pathlib import Path

from sandbox.machine.trust import certificates_in, machine_certificates

# What DER_cert_to_PEM_cert makes of any bytes that begin like a certificate is enough here.
DER = b"\x30\x82" + bytes(range(200))
PEM = ssl.DER_cert_to_PEM_cert(DER).encode()
OTHER = ssl.DER_cert_to_PEM_cert(DER + b"x").encode()


def test_a_bundle_is_taken_apart() -> None:
    assert certificates_in(b"# a comment\n" + PEM + OTHER) == [PEM, OTHER]


def test_windows_line_ends_are_converted() -> None:
    assert certificates_in(PEM.replace(b"\n", b"\r\n")) == [PEM]


def test_a_der_file_becomes_pem() -> None:
    assert certificates_in(DER) == [PEM]


def test_anything_else_is_skipped() -> None:
    assert certificates_in(b"hello") == []


def test_folders_are_read_recursively_and_copies_count_once(tmp_path: Path) -> None:
    (tmp_path / "a" / "deep").mkdir(parents=True)
    (tmp_path / "a" / "deep" / "company.crt").write_bytes(PEM)
    (tmp_path / "a" / "again.pem").write_bytes(PEM)
    (tmp_path / "a" / "other.cer").write_bytes(OTHER)
    (tmp_path / "a" / "README").write_bytes(PEM)
    found = machine_certificates([tmp_path / "a", tmp_path / "missing"])
    assert sorted(found.values()) == sorted([PEM, OTHER])
    assert all(name.endswith(".crt") for name in found)
