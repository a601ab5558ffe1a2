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
  - Packs a directory, or one commit of a Git repository, into a zip archive that depends on nothing but its content,
    and uploads it when S3 has another one. Hosts only ever see S3.
  - The archive's SHA-256 is stored as the object's metadata C(sha256), and what runs in it as C(app), where
    M(slipway.fastapi.release_target) finds them.
  - Files named C(.env), version control, virtual environments and caches are left out. Links, private keys and files
    that look like secrets are refused.
  - Runs on the control node.
options:
  directory:
    description: Directory of the application. With O(repository), where it is in there; its top when this is left out.
    type: path
  repository:
    description:
      - Git repository to take the application from, as C(https://HOST/PATH), C(ssh://git@HOST/PATH), C(git@HOST:PATH)
        or the path of a local one. It holds no credentials; those are Git's own business (an SSH key, a credential
        helper).
      - Files are taken as the commit has them. No hook, filter or attribute of the repository is used. Submodules and
        files that are kept in Git LFS are refused unless O(exclude) names them.
    type: str
  commit:
    description: The commit, 40 hexadecimal digits. Branches and tags are refused, because they can move.
    type: str
  artifact:
    description: Where to, C(s3://BUCKET/KEY).
    type: str
    required: true
  app:
    description:
      - What the service will run, C(MODULE:NAME). The module must be in the directory.
      - Empty for a directory of helper files (scripts, a compose file) of which nothing is to be started.
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

- name: Publish one commit of its repository
  slipway.fastapi.publish:
    aws:
      region: us-east-1
    repository: git@git.example.com:team/service.git
    commit: 5d0c3f1c0a4e6a1f0f3b9c6a7d8e9f0a1b2c3d4e
    directory: backend
    artifact: s3://location-content-dev-artifacts/releases/app.zip
  delegate_to: localhost

- name: Publish scripts and a compose file for a host that is used by hand
  slipway.fastapi.publish:
    aws:
      region: us-east-1
    directory: ./backend
    app: ""
    artifact: s3://gap-fill-dev-artifacts/releases/backend.zip
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
  description: What the directory has and the archive has not. Folders end in a slash. What O(exclude) names in a commit
    is never fetched into a folder and not listed.
  returned: success
  type: list
  elements: str
  sample: [.env, __pycache__/]
"""

import tempfile
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact import git
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.location import (
    APPLICATION_METADATA,
    DIGEST_METADATA,
    NO_APPLICATION,
    Location,
    Stored,
    head,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.package import (
    PackageError,
    left_out,
    scan,
    write,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import (
    AWS_ARGUMENT,
    AwsError,
    boto_errors,
    client,
    explain,
    finish,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference


def compare(location: Location, stored: Stored | None, sha256: str, size: int, app: str) -> Difference:
    """What separates the object in S3 from the archive."""
    difference = Difference(str(location))
    difference.compare("app", (stored.app or "unknown") if stored else None, app)
    difference.compare("sha256", (stored.sha256 or "unknown") if stored else None, sha256)
    difference.compare("size", stored.size if stored else None, size)
    return difference


def run(module: AnsibleModule) -> dict[str, Any]:
    """Do what the options say and return the result. Raises AwsError, GitError or PackageError."""
    if not module.params["repository"]:
        return publish(module, Path(module.params["directory"]))
    with tempfile.TemporaryDirectory(dir=module.tmpdir) as work:
        return publish(module, exported(module.params, Path(work)))


def exported(options: dict[str, Any], work: Path) -> Path:
    """The application's folder of a commit. Raises GitError."""
    top = work / "files"
    inside = Path(options["directory"] or ".")
    if inside.is_absolute() or ".." in inside.parts:
        raise git.GitError(f"'{inside}' is no folder in a repository: write it relative to the top, such as backend")
    (work / "git").mkdir()

    def ignored(path: str) -> bool:
        """Only what is packed in the end is judged."""
        below = Path(path).is_relative_to(inside)
        return not below or left_out(str(Path(path).relative_to(inside)), options["exclude"])

    git.export(options["repository"], options["commit"] or "", top, work / "git", ignored)
    if not (top / inside).is_dir():
        raise git.GitError(f"the commit has no files in a folder {inside}: see git ls-tree -d {options['commit']}")
    return top / inside


def publish(module: AnsibleModule, directory: Path) -> dict[str, Any]:
    """Pack a directory and upload what S3 has not. Raises AwsError or PackageError."""
    options = module.params
    location = Location.parse(options["artifact"])
    contents = scan(directory, options["app"], options["exclude"])
    app = options["app"] or NO_APPLICATION
    s3 = client("s3", options["aws"])
    with tempfile.TemporaryFile(dir=module.tmpdir) as archive:
        sha256 = write(directory, contents.files, archive)
        size = archive.tell()
        stored = head(s3, location)
        kept = stored is not None and not options["replace"]
        difference = Difference(str(location)) if kept else compare(location, stored, sha256, size, app)
        version_id = stored.version_id if stored else ""
        if difference.changed and not module.check_mode:
            archive.seek(0)
            version_id = upload(s3, location, archive, {DIGEST_METADATA: sha256, APPLICATION_METADATA: app})
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


def upload(s3: Any, location: Location, archive: Any, metadata: dict[str, str]) -> str:
    """Store the archive and return the id of its version, which is empty in a bucket without versions.

    Raises AwsError.
    """
    try:
        answer = s3.put_object(
            Bucket=location.bucket,
            Key=location.key,
            Body=archive,
            ContentType="application/zip",
            Metadata=metadata,
        )
    except boto_errors() as error:
        raise AwsError(explain(error, f"s3:PutObject on {location}")) from error
    return str(answer.get("VersionId") or "")


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            "aws": AWS_ARGUMENT,
            "directory": {"type": "path"},
            "repository": {"type": "str"},
            "commit": {"type": "str"},
            "artifact": {"type": "str", "required": True},
            "app": {"type": "str", "default": "main:app"},
            "exclude": {"type": "list", "elements": "str", "default": []},
            "replace": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
        required_one_of=[("directory", "repository")],
        required_by={"commit": "repository"},
    )
    # Refused below, and not to be shown beforehand.
    module.no_log_values.update(filter(None, [git.secret_in(module.params["repository"] or "")]))
    finish(module, run, PackageError, git.GitError)


if __name__ == "__main__":
    main()
