#!/usr/bin/python
"""Upload an application's directory as an artifact."""

from __future__ import annotations

DOCUMENTATION = r"""
module: publish
short_description: Upload an application as a deterministic archive
version_added: 0.1.0
author:
  - Slipway maintainers (@slipway)
description:
  - Packs a directory into a zip archive that depends on nothing but its content, and uploads it when S3 has another
    one.
  - The archive's SHA-256 is stored as the object's metadata C(sha256), where M(slipway.fastapi.release_target) finds
    it.
  - Files named C(.env), version control, virtual environments and caches are left out. Links, private keys and files
    that look like secrets are refused.
  - Runs on the control node.
options:
  directory:
    description: Directory of the application.
    type: path
    required: true
  artifact:
    description: Where to, C(s3://BUCKET/KEY).
    type: str
    required: true
  app:
    description: What the service will run, C(MODULE:NAME). The module must be in the directory.
    type: str
    default: main:app
  exclude:
    description: Shell patterns of names, or of paths relative to O(directory), to leave out as well.
    type: list
    elements: str
    default: []
  replace:
    description: Whether an object that is there already may be replaced. If not, whatever is there stays.
    type: bool
    default: true
extends_documentation_fragment:
  - slipway.fastapi.aws
attributes:
  check_mode:
    support: full
    description: The archive is made and compared; nothing is uploaded.
  diff_mode:
    support: full
    description: Shows the digests and sizes.
  idempotent:
    support: full
    description: Nothing is uploaded when the object has the archive's digest.
seealso:
  - module: slipway.fastapi.release_target
"""

EXAMPLES = r"""
- name: Publish the service
  slipway.fastapi.publish:
    aws:
      region: us-east-1
      profile: dev
    directory: ./service
    artifact: s3://location-content-dev-artifacts/releases/app.zip
  delegate_to: localhost
"""

RETURN = r"""
artifact:
  description: Address of the artifact.
  returned: success
  type: str
  sample: s3://location-content-dev-artifacts/releases/app.zip
sha256:
  description: SHA-256 of the archive, in hexadecimal digits.
  returned: success
  type: str
  sample: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
size:
  description: Size of the archive in bytes.
  returned: success
  type: int
  sample: 48213
version_id:
  description: Id of the current version after the run; empty in a bucket without versions, and in check mode when there
    is no object.
  returned: success
  type: str
  sample: 3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY
files:
  description: Number of files in the archive.
  returned: success
  type: int
  sample: 12
left_out:
  description: What the directory has and the archive has not. Folders end in a slash.
  returned: success
  type: list
  elements: str
  sample: [.env, __pycache__/]
"""

import tempfile
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact import DIGEST_METADATA, Location, Stored, head
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import (
    AWS_ARGUMENT,
    AwsError,
    boto_errors,
    client,
    explain,
    unmask_sandbox_key,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._package import PackageError, scan, write


def compare(location: Location, stored: Stored | None, sha256: str, size: int) -> Difference:
    """What separates the object in S3 from the archive."""
    difference = Difference(str(location))
    difference.compare("sha256", (stored.sha256 or "unknown") if stored else None, sha256)
    difference.compare("size", stored.size if stored else None, size)
    return difference


def run(module: AnsibleModule) -> dict[str, Any]:
    """Do what the options say and return the result. Raises AwsError or PackageError."""
    options = module.params
    directory = Path(options["directory"])
    location = Location.parse(options["artifact"])
    contents = scan(directory, options["app"], options["exclude"])
    s3 = client("s3", options["aws"])
    with tempfile.TemporaryFile(dir=module.tmpdir) as archive:
        sha256 = write(directory, contents.files, archive)
        size = archive.tell()
        stored = head(s3, location)
        kept = stored is not None and not options["replace"]
        difference = Difference(str(location)) if kept else compare(location, stored, sha256, size)
        version_id = stored.version_id if stored else ""
        if difference.changed and not module.check_mode:
            archive.seek(0)
            version_id = upload(s3, location, archive, sha256)
    return {
        "changed": difference.changed,
        "diff": difference.as_diff(),
        "artifact": str(location),
        "sha256": sha256,
        "size": size,
        "version_id": version_id,
        "files": len(contents.files),
        "left_out": list(contents.left_out),
    }


def upload(s3: Any, location: Location, archive: Any, sha256: str) -> str:
    """Store the archive and return the id of its version, which is empty in a bucket without versions.

    Raises AwsError.
    """
    try:
        answer = s3.put_object(
            Bucket=location.bucket,
            Key=location.key,
            Body=archive,
            ContentType="application/zip",
            Metadata={DIGEST_METADATA: sha256},
        )
    except boto_errors() as error:
        raise AwsError(explain(error, f"s3:PutObject on {location}")) from error
    return str(answer.get("VersionId") or "")


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            "aws": AWS_ARGUMENT,
            "directory": {"type": "path", "required": True},
            "artifact": {"type": "str", "required": True},
            "app": {"type": "str", "default": "main:app"},
            "exclude": {"type": "list", "elements": "str", "default": []},
            "replace": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    unmask_sandbox_key(module)
    try:
        result = run(module)
    except (AwsError, PackageError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
