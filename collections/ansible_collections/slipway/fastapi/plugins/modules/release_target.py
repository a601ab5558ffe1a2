#!/usr/bin/python
"""Resolve an artifact to one immutable version, once for a whole fleet."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_target
short_description: Resolve an artifact in S3 to exactly one content
version_added: 0.1.0
author:
  - Slipway maintainers (@slipway)
description:
  - Asks S3 once which version of an artifact is the current one, so that every host of a fleet converges to the same
    content.
  - In a bucket with versions, the version's id names it; elsewhere, its ETag does.
  - The SHA-256 is that of the object's metadata C(sha256), which M(slipway.fastapi.publish) stores. Without it, the
    object is read once.
  - Runs on the control node and changes nothing.
options:
  artifact:
    description: Address of the artifact, C(s3://BUCKET/KEY).
    type: str
    required: true
extends_documentation_fragment:
  - slipway.fastapi.aws
attributes:
  check_mode:
    support: full
    description: The module only reads.
  diff_mode:
    support: none
    description: There is nothing that could differ.
  idempotent:
    support: full
    description: The module only reads.
seealso:
  - module: slipway.fastapi.publish
"""

EXAMPLES = r"""
- name: Resolve the artifact
  slipway.fastapi.release_target:
    aws:
      region: us-east-1
      profile: dev
    artifact: s3://location-content-dev-artifacts/releases/app.zip
  delegate_to: localhost
  run_once: true
  register: target
"""

RETURN = r"""
bucket:
  description: The bucket.
  returned: success
  type: str
  sample: location-content-dev-artifacts
key:
  description: The key.
  returned: success
  type: str
  sample: releases/app.zip
version_id:
  description: Id of the version; empty in a bucket without versions.
  returned: success
  type: str
  sample: 3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY
etag:
  description: ETag of the object, without quotes.
  returned: success
  type: str
  sample: 9b2cf535f27731c974343645a3985328
size:
  description: Size in bytes.
  returned: success
  type: int
  sample: 48213
sha256:
  description: SHA-256 of the content, in hexadecimal digits.
  returned: success
  type: str
  sample: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
sha256_from:
  description: Whether the digest is that of the C(metadata) or was computed from the C(content).
  returned: success
  type: str
  sample: metadata
app:
  description: What runs in it, as the metadata C(app) says; empty where that is missing, and where nothing is to run.
  returned: success
  type: str
  sample: main:app
service:
  description: Whether it is a service. It is not when it was published as mere files.
  returned: success
  type: bool
  sample: true
"""

import hashlib
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils._application import Application, ApplicationError
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.location import (
    APPLICATION_METADATA,
    NO_APPLICATION,
    Location,
    Stored,
    head,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import (
    AWS_ARGUMENT,
    AwsError,
    boto_errors,
    client,
    explain,
    finish,
)

_CHUNK = 1024 * 1024


def digest_of_content(s3: Any, location: Location, stored: Stored) -> str:
    """Read exactly the version that was resolved and compute its SHA-256.

    Raises AwsError, also when it was replaced meanwhile.
    """
    which = {"VersionId": stored.version_id} if stored.version_id else {"IfMatch": f'"{stored.etag}"'}
    digest = hashlib.sha256()
    try:
        for chunk in s3.get_object(Bucket=location.bucket, Key=location.key, **which)["Body"].iter_chunks(_CHUNK):
            digest.update(chunk)
    except boto_errors() as error:
        raise AwsError(explain(error, f"s3:GetObject on {location}")) from error
    return digest.hexdigest()


def application_of(location: Location, stored: Stored) -> str:
    """What the artifact's metadata says is to run; empty where it says nothing, or that nothing is.

    Whoever may write the object chooses this text, and hosts put it into their units. Raises AwsError.
    """
    if stored.app in ("", NO_APPLICATION):
        return ""
    try:
        Application.parse(stored.app)
    except ApplicationError as error:
        raise AwsError(
            f"the metadata {APPLICATION_METADATA!r} of {location} is not to be trusted: {error}. Nothing was changed; "
            "see who uploaded it, and publish the application again (make publish APP=./dir)"
        ) from None
    return stored.app


def run(module: AnsibleModule) -> dict[str, Any]:
    """Resolve the artifact. Raises AwsError."""
    location = Location.parse(module.params["artifact"])
    s3 = client("s3", module.params["aws"])
    stored = head(s3, location)
    if stored is None:
        raise AwsError(f"{location} does not exist; upload one with `make publish APP=./dir`")
    if stored.size == 0:
        raise AwsError(f"{location} is empty; upload the artifact again with `make publish APP=./dir`")
    return {
        "changed": False,
        "bucket": location.bucket,
        "key": location.key,
        "version_id": stored.version_id,
        "etag": stored.etag,
        "size": stored.size,
        "sha256": stored.sha256 or digest_of_content(s3, location, stored),
        "sha256_from": "metadata" if stored.sha256 else "content",
        "app": application_of(location, stored),
        "service": stored.app != NO_APPLICATION,
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={"aws": AWS_ARGUMENT, "artifact": {"type": "str", "required": True}},
        supports_check_mode=True,
    )
    finish(module, run)


if __name__ == "__main__":
    main()
