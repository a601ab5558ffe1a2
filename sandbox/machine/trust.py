"""The certificate authorities that an administrator added to this machine.

Many companies re-sign outgoing TLS. Then a host in a container reaches a package registry only if it trusts the same
authorities as the machine.
"""

from __future__ import annotations

import hashlib
import re
import ssl
from collections.abc import Iterable
from pathlib import Path

#: The folders of added authorities on Debian, Red Hat, SUSE and Arch.
ANCHOR_DIRECTORIES = (
    Path("/usr/local/share/ca-certificates"),
    Path("/etc/pki/ca-trust/source/anchors"),
    Path("/etc/pki/trust/anchors"),
    Path("/etc/ca-certificates/trust-source/anchors"),
)

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def machine_certificates(directories: Iterable[Path] = ANCHOR_DIRECTORIES) -> dict[str, bytes]:
    """Certificates in PEM form by a new file name, one certificate in each, sorted by name.

    A file that cannot be read or contains no certificate is skipped, as the system's own tools do.
    """
    found: dict[str, bytes] = {}
    for directory in directories:
        if not directory.is_dir():
            continue
        for path in sorted(directory.rglob("*")):
            if path.suffix.lower() not in {".crt", ".pem", ".cer", ".der"}:
                continue
            try:
                content = path.read_bytes()
            except OSError:
                continue
            for pem in certificates_in(content):
                found[f"{hashlib.sha256(pem).hexdigest()[:16]}.crt"] = pem
    return dict(sorted(found.items()))


def certificates_in(content: bytes) -> list[bytes]:
    """Each certificate of a PEM file, or the one of a DER file, in PEM form with a final newline."""
    if found := _PEM.findall(content):
        return [pem.replace(b"\r\n", b"\n") + b"\n" for pem in found]
    # A DER certificate is an ASN.1 sequence with a two-byte length.
    if content[:2] == b"\x30\x82":
        return [ssl.DER_cert_to_PEM_cert(content).encode()]
    return []
