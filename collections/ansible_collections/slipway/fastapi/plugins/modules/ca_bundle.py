#!/usr/bin/python
"""Keep a bundle of CA certificates on a host as its publisher has it.

Why no other module does this: ansible.builtin.get_url does not download in check mode. Without a checksum it cannot
notice a changed file there. With one, every renewal by the publisher would fail the run.
"""

from __future__ import annotations

DOCUMENTATION = r"""
module: ca_bundle
short_description: Keep a bundle of CA certificates as its publisher has it
description:
  - Fetches the bundle over HTTPS, makes sure that it is one, and replaces the file when it differs.
  - Fetching changes nothing on the host, so check mode compares with what the publisher really has.
  - When the publisher cannot be reached and the host has a bundle already, that one stays and there is a warning.
  - The file belongs to the account that runs the module, and everybody may read it.
options:
  url:
    description: Where the bundle is published, in PEM form.
    type: str
    required: true
  dest:
    description: File to keep. Its directory is made when it is missing.
    type: path
    required: true
  timeout:
    description: Seconds that fetching may take before the publisher counts as unreachable.
    type: int
    default: 20
author:
  - Slipway maintainers (@slipway)
attributes:
  check_mode:
    support: full
    description: Can run in check_mode and return changed status prediction without modifying target.
  diff_mode:
    support: full
    description: Will return details on what has changed, or possibly needs changing in check_mode.
  idempotent:
    support: full
    description: When run twice in a row, the second run changes nothing.
"""

EXAMPLES = r"""
- name: Download the CA bundle of RDS
  slipway.fastapi.ca_bundle:
    url: https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem
    dest: /opt/slipway/etc/rds-ca.pem
"""

RETURN = r"""
certificates:
  description: How many certificates the bundle holds.
  type: int
  returned: success
sha256:
  description: Digest of the bundle.
  type: str
  returned: success
"""

import hashlib
import http.client
import ssl
import urllib.error
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import open_url
from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._system import disk
from ansible_collections.slipway.fastapi.plugins.module_utils._system.files import write_file

LARGEST = 4 << 20
"""Bytes; the bundle of all AWS regions has about 170 KB."""
MODE = 0o644

ARGUMENTS: dict[str, dict[str, Any]] = {
    "url": {"type": "str", "required": True},
    "dest": {"type": "path", "required": True},
    "timeout": {"type": "int", "default": 20},
}


class BundleError(Exception):
    """There is no usable bundle; the text says why."""


def count(content: bytes) -> int:
    """How many CA certificates a PEM bundle holds.

    Raises:
        BundleError: It is none, or it holds no CA.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        # Text around the certificates may be in any encoding, and is nothing to OpenSSL.
        context.load_verify_locations(cadata=content.decode("ascii", "ignore"))
    # ValueError: no text, or none at all.
    except (ValueError, ssl.SSLError) as error:
        raise BundleError("it is not a bundle of certificates in PEM form") from error
    found = context.cert_store_stats()["x509_ca"]
    if not found:
        raise BundleError("it holds no CA certificate")
    return found


def fetch(url: str, timeout: float) -> bytes:
    """The published bundle.

    Raises:
        BundleError: It cannot be had.
    """
    try:
        with open_url(url, timeout=timeout) as answer:
            content: bytes = answer.read(LARGEST + 1)
    except urllib.error.HTTPError as error:
        raise BundleError(f"the publisher answers with HTTP {error.code}") from error
    except urllib.error.URLError as error:
        raise BundleError(f"the publisher cannot be reached ({error.reason})") from error
    except (OSError, http.client.HTTPException) as error:
        raise BundleError(f"the publisher cannot be reached ({type(error).__name__})") from error
    if len(content) > LARGEST:
        raise BundleError(f"it is larger than {LARGEST >> 20} MiB")
    return content


def description(path: Path) -> tuple[str | None, str | None]:
    """Digest and mode of a file as a difference shows them; None where there is no file."""
    if not path.is_file():
        return None, None
    return hashlib.sha256(path.read_bytes()).hexdigest(), f"{path.stat().st_mode & 0o7777:04o}"


def main() -> None:
    """Read the parameters, and end with a result or a sentence that names the fix."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    url, path = module.params["url"], Path(module.params["dest"])
    if not url.startswith("https://"):
        module.fail_json(msg=f"{url} is not an https URL: a CA bundle must come from who it claims to be")
    try:
        content = fetch(url, module.params["timeout"])
        certificates = count(content)
    except BundleError as error:
        try:
            content = path.read_bytes()
            certificates = count(content)
        except (OSError, BundleError):
            module.fail_json(
                msg=f"the CA bundle {url} cannot be installed: {error}; let the host reach it, or name a mirror"
            )
        module.warn(f"the CA bundle of {url} could not be compared: {error}; the one in {path} stays")
    digest, mode = description(path)
    wanted = hashlib.sha256(content).hexdigest()
    found = Difference(str(path))
    found.compare("sha256", digest, wanted)
    found.compare("mode", mode, f"{MODE:04o}")
    if found.changed and not module.check_mode:
        try:
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            write_file(path, content, MODE)
        except OSError as error:
            module.fail_json(msg=disk.message(error, f"{path} is as it was."))
    module.exit_json(changed=found.changed, diff=found.as_diff(), certificates=certificates, sha256=wanted)


if __name__ == "__main__":
    main()
