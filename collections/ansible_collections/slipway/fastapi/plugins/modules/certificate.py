#!/usr/bin/python
"""Looks whether a file has all that HTTPS needs, before it is brought to a host.

Why no other module does this: community.crypto reads one certificate or one key at a time. To compare the pair and
the chain in one file, tasks would have to split the file in variables, and the private key would appear in verbose
output.
"""

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate
short_description: Make sure that a file has a certificate, its chain and its key
version_added: 0.1.0
description:
  - Reads a PEM file on the control node and fails, with what to do, unless it holds the certificate of a server, its
    private key without a password, and the key is that of the certificate, which must be valid now.
  - A missing chain and an end that is near are warnings.
  - Nothing of the key is returned or shown.
author:
  - Slipway (@slipway)
requirements:
  - cryptography
options:
  path:
    description: The file.
    type: path
    required: true
attributes:
  check_mode:
    description: Changes nothing.
    support: full
  diff_mode:
    description: There is no difference.
    support: none
  idempotent:
    description: Changes nothing.
    support: full
"""

EXAMPLES = r"""
- name: Make sure of the certificate
  slipway.fastapi.certificate:
    path: /etc/letsencrypt/live/example.com/haproxy.pem
  delegate_to: localhost
  become: false
"""

RETURN = r"""
names:
  description: The names and addresses that it is for.
  returned: success
  type: list
  elements: str
  sample: [api.example.com]
serial:
  description: Its serial number in hexadecimal digits.
  returned: success
  type: str
  sample: 4A11C0
not_after:
  description: When it ends.
  returned: success
  type: str
  sample: '2027-02-01T12:00:00Z'
"""

import datetime
import re
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

KEY = re.compile(rb"-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)
SOON_DAYS = 14


class CertificateError(Exception):
    """The file cannot serve HTTPS; the text says what to do."""


def look(content: bytes, now: datetime.datetime) -> tuple[x509.Certificate, list[str]]:
    """The server's certificate in a PEM file, and what is no error but should be known.

    Raises CertificateError.
    """
    try:
        certificates = x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise CertificateError(
            "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----): put the certificate, its chain and its "
            "key into one file, in this order"
        ) from error
    own, chain = certificates[0], certificates[1:]
    key = _public_half_of_the_key(content)
    if _public(own) != key:
        if key in map(_public, chain):
            raise CertificateError("has the chain before the server's own certificate, which must be the first in it")
        raise CertificateError(
            "has a key that is not that of its certificate: put together the two that were issued together"
        )
    if own.not_valid_after_utc <= now:
        raise CertificateError(f"has a certificate that ended on {_text(own.not_valid_after_utc)}: renew it first")
    if own.not_valid_before_utc > now:
        raise CertificateError(f"has a certificate that begins only on {_text(own.not_valid_before_utc)}")
    warnings = []
    left = (own.not_valid_after_utc - now).days
    if left < SOON_DAYS:
        warnings.append(f"the certificate ends in {left} days, on {_text(own.not_valid_after_utc)}")
    if own.issuer != own.subject and own.issuer not in [other.subject for other in chain]:
        warnings.append(
            "the file has no certificate of the one who issued the server's, without which many clients trust neither: "
            "append the chain"
        )
    return own, warnings


def _public_half_of_the_key(content: bytes) -> bytes:
    keys = list(KEY.finditer(content))
    if len(keys) != 1:
        found = f"{len(keys)} private keys" if keys else "no private key"
        raise CertificateError(f"holds {found}: it needs the one that belongs to the certificate")
    try:
        key = load_pem_private_key(keys[0].group(), None)
    except TypeError as error:
        raise CertificateError(
            "has a key with a password, which HAProxy cannot ask for: write it without one (openssl pkey)"
        ) from error
    except ValueError as error:
        raise CertificateError("has a private key that cannot be read") from error
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _public(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _text(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in names]


def run(path: Path) -> dict[str, Any]:
    """The module's result. Raises CertificateError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CertificateError(f"cannot be read ({error.strerror}): correct its name or its rights") from error
    own, warnings = look(content, datetime.datetime.now(datetime.timezone.utc))
    return {
        "names": _names(own),
        "serial": f"{own.serial_number:X}",
        "not_after": _text(own.not_valid_after_utc),
        "warnings": warnings,
    }


def main() -> None:
    """Entry point."""
    module = AnsibleModule({"path": {"type": "path", "required": True}}, supports_check_mode=True)
    path = Path(module.params["path"])
    try:
        result = run(path)
    except CertificateError as error:
        module.fail_json(msg=f"{path} {error}. Nothing was changed")
    for warning in result.pop("warnings"):
        module.warn(f"{path}: {warning}")
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
