"""Make a self-signed certificate, for a Molecule scenario that serves HTTPS."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DOCUMENTATION = r"""
module: scenario_certificate
short_description: A certificate that signs itself, with its key
options:
  path:
    description: File to write, in PEM.
    type: path
    required: true
  names:
    description: Host names that it is for.
    type: list
    elements: str
    required: true
author:
  - Slipway maintainers
"""

EXAMPLES = r"""
- name: A certificate for one name
  scenario_certificate:
    path: service.pem
    names: [shop.example]
"""

RETURN = "# nothing"

LIFETIME = timedelta(days=1)


def make(names: list[str]) -> bytes:
    """A new certificate and its key, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # The clocks of a host and of this machine can differ by seconds.
        .not_valid_before(now - LIFETIME)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    return certificate.public_bytes(pem) + key.private_bytes(pem, form, plain)


def main() -> None:
    """Write a new certificate: each scenario starts with its own."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "names": {"type": "list", "elements": "str", "required": True},
        }
    )
    path = Path(module.params["path"])
    path.touch(mode=0o600)
    path.write_bytes(make(module.params["names"]))
    module.exit_json(changed=True)


if __name__ == "__main__":
    main()
