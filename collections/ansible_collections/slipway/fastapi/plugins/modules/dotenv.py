#!/usr/bin/python
"""Write a service's `.env` from parameters that the host reads with its own role."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dotenv
short_description: Write a C(.env) file from SecureStrings of the parameter store
version_added: 0.1.0
author:
  - Slipway maintainers (@slipway)
description:
  - Fetches parameters with the instance's own role, reads each with one strict grammar, and writes the merged variables
    so that systemd, python-dotenv and C(docker --env-file) read the same values. What has no such form is refused with
    its line and key, never its value.
  - The file is replaced in one step, has mode 0640 and belongs to O(owner). Its directory must be one that no other
    account can change.
  - No value of a parameter appears in a result, a diff or a message.
options:
  dest:
    description: File to write. Its directory must exist.
    type: path
    required: true
  owner:
    description: Account that owns the file.
    type: str
    required: true
  group:
    description: Group of the file, which can read it. The default is the owner's own group.
    type: str
  parameters:
    description: Parameters to read. A later one wins over an earlier one, and all win over O(provided).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of a SecureString that holds lines of the form C(KEY=value).
        type: str
        required: true
      required:
        description: Whether it is an error that the parameter does not exist.
        type: bool
        default: true
  provided:
    description: Variables that are no secrets.
    type: dict
    default: {}
  dir:
    description: Directory of the application, which remembers O(generation). Required with it.
    type: path
extends_documentation_fragment:
  - slipway.fastapi.aws.host
  - slipway.fastapi.lease_generation
attributes:
  check_mode:
    support: full
    description: The parameters are read and compared; nothing is written.
  diff_mode:
    support: full
    description: Names of variables, the mode and the owners are shown, values are not.
  idempotent:
    support: full
    description: A file that has the wanted content, mode and owners is left alone.
seealso:
  - module: slipway.fastapi.env_push
"""

EXAMPLES = r"""
- name: Write the service's environment
  slipway.fastapi.dotenv:
    dest: /opt/backend/shared/.env
    owner: root
    group: backend
    parameters:
      - name: /slipway/dev/location-content/env
      - name: /slipway/dev/location-content/database-url
        required: false
    provided:
      AWS_REGION: us-east-1
    region: us-east-1
  vars:
    ansible_python_interpreter: /opt/slipway/venv/bin/python
"""

RETURN = r"""
dest:
  description: The file.
  returned: success
  type: str
  sample: /opt/backend/shared/.env
revision:
  description:
    - SHA-256 over the names, versions and dates of the parameters and over what was provided. It changes whenever one
      of them does.
    - No value of a parameter enters it.
  returned: success
  type: str
  sample: 0f4c3b0d2c9c6d4b0e1f7a0a1c7f5d6e8b9a0c1d2e3f405162738495a6b7c8d9
keys:
  description: Names of the variables in the file.
  returned: success
  type: list
  elements: str
  sample: [AWS_REGION, GEMINI_API_KEY, TAVILY_API_KEY]
parameters:
  description: The parameters that were found.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the parameter.
      type: str
    version:
      description: Its version.
      type: int
"""

import grp
import hashlib
import json
import os
import pwd
import stat
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import HOST_ARGUMENTS, AwsError, client
from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._dotenv.grammar import DotenvError, parse, render
from ansible_collections.slipway.fastapi.plugins.module_utils._dotenv.parameters import Parameter, fetch
from ansible_collections.slipway.fastapi.plugins.module_utils._lease.fence import ARGUMENTS as FENCE_ARGUMENTS
from ansible_collections.slipway.fastapi.plugins.module_utils._lease.fence import Fence, FencedError
from ansible_collections.slipway.fastapi.plugins.module_utils._system.files import BusyError, flush_names, write_file

MODE = 0o640
"""The service's account reads it as the file's group, and a package that runs as that account cannot change it."""
LOCK_TIMEOUT = 60
"""Seconds to wait for another run on the same host."""


class DestinationError(Exception):
    """The file cannot be where it is wanted; the text says why and what to do."""


def fetch_all(ssm: Any, wanted: Sequence[Mapping[str, Any]]) -> list[Parameter]:
    """The parameters that exist, in the wanted order. Raises AwsError for one that is required and does not."""
    found = []
    for entry in wanted:
        parameter = fetch(ssm, entry["name"])
        if parameter:
            found.append(parameter)
        elif entry["required"]:
            raise AwsError(
                f"parameter {entry['name']} does not exist; "
                "create it with `make env-push FILE=.env` (the second one: MORE=yes), or mark it as not required"
            )
    return found


def merge(provided: Mapping[str, Any], parameters: Sequence[Parameter]) -> dict[str, str]:
    """All variables, later sources winning. Raises DotenvError, which names the parameter at fault."""
    values = {key: _text(value) for key, value in provided.items()}
    for parameter in parameters:
        try:
            values.update(parse(parameter.value.encode("utf-8")))
        except DotenvError as error:
            raise AwsError(f"parameter {parameter.name} is not a strict .env file:\n{error}") from None
    return values


def revision(provided: Mapping[str, Any], parameters: Sequence[Parameter]) -> str:
    """A name for this content that gives nothing of a secret away."""
    identity = {
        "parameters": [[entry.name, entry.version, entry.modified] for entry in parameters],
        "provided": {key: _text(value) for key, value in provided.items()},
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode("utf-8")).hexdigest()


def compare(path: Path, content: bytes, owner: str, group: str | None) -> Difference:
    """What separates the file from the wanted one."""
    difference = Difference(str(path))
    present, status = _present(path)
    difference.compare("file", _kind(status), "file")
    old = _values(present)
    for key, value in parse(content).items():
        difference.compare_secret(key, old.pop(key, None), value)
    for key, value in old.items():
        difference.compare_secret(key, value, None)
    if present is not None and not difference.changed:
        difference.compare(
            "form", "written by this module" if present == content else "other", "written by this module"
        )
    if status is not None:
        difference.compare("mode", f"{stat.S_IMODE(status.st_mode):04o}", f"{MODE:04o}")
        difference.compare("owner", _name(pwd.getpwuid, status.st_uid), owner)
        if group:
            difference.compare("group", _name(grp.getgrgid, status.st_gid), group)
    return difference


def write(path: Path, content: bytes, owner: str, group: str | None) -> None:
    """Replace the file in one step. At no moment can another account read the content.

    Raises DestinationError without the directory, KeyError without the account, or OSError.
    """
    if not path.parent.is_dir():
        raise DestinationError(f"directory {path.parent} does not exist; the `base` role makes it")
    account = pwd.getpwnam(owner)
    group_id = grp.getgrnam(group).gr_gid if group else account.pw_gid
    write_file(path, content, MODE, account.pw_uid, group_id)
    flush_names(path.parent)


def _require_own_directory(directory: Path) -> None:
    """Raise DestinationError where another account could put a file of its own into the place of this one."""
    try:
        status = directory.stat()
    except FileNotFoundError:
        return
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise DestinationError(
            f"another account can change {directory}, and with it what the service runs: run the role base, which "
            "makes it, or `chown root` and `chmod go-w` it"
        )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _present(path: Path) -> tuple[bytes | None, os.stat_result | None]:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None, None
    return (path.read_bytes() if stat.S_ISREG(status.st_mode) else None), status


def _kind(status: os.stat_result | None) -> str | None:
    if status is None:
        return None
    return "file" if stat.S_ISREG(status.st_mode) else "link" if stat.S_ISLNK(status.st_mode) else "no file"


def _values(content: bytes | None) -> dict[str, str]:
    """The variables of the file as it is; none when it does not follow the grammar."""
    try:
        return parse(content or b"")
    except DotenvError:
        return {}


def _name(look_up: Any, number: int) -> str:
    try:
        return str(look_up(number)[0])
    except KeyError:
        return str(number)


def run(module: AnsibleModule) -> dict[str, Any]:
    """Do what the options say and return the result. Raises what `main` catches."""
    options = module.params
    path = Path(options["dest"])
    if path.is_dir() and not path.is_symlink():
        raise DestinationError(f"{path} is a directory; remove it or choose another `dest`")
    _require_own_directory(path.parent)
    if options["generation"] and not options["dir"]:
        raise FencedError("`generation` needs `dir`, the directory that remembers it, such as /opt/backend")
    fence = Fence(Path(options["dir"] or path.parent), options["generation"])
    fence.check()
    ssm = (
        client("ssm", {"region": options["region"], "endpoint_url": options["endpoint_url"]})
        if options["parameters"]
        else None
    )
    parameters = fetch_all(ssm, options["parameters"])
    content = render(merge(options["provided"], parameters))
    difference = compare(path, content, options["owner"], options["group"])
    if difference.changed and not module.check_mode:
        with fence.held(LOCK_TIMEOUT) if options["generation"] else nullcontext():
            write(path, content, options["owner"], options["group"])
    elif not module.check_mode:
        fence.remember(LOCK_TIMEOUT)
    return {
        "changed": difference.changed,
        "diff": difference.as_diff(),
        "dest": str(path),
        "revision": revision(options["provided"], parameters),
        "keys": list(parse(content)),
        "parameters": [{"name": entry.name, "version": entry.version} for entry in parameters],
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            "dest": {"type": "path", "required": True},
            "owner": {"type": "str", "required": True},
            "group": {"type": "str"},
            "parameters": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"name": {"type": "str", "required": True}, "required": {"type": "bool", "default": True}},
            },
            "provided": {"type": "dict", "default": {}},
            "dir": {"type": "path"},
            **FENCE_ARGUMENTS,
            **HOST_ARGUMENTS,
        },
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except KeyError:
        module.fail_json(
            msg=f"account {module.params['owner']} or group {module.params['group']} does not exist; "
            "the `base` role makes the account"
        )
    except DotenvError as error:
        module.fail_json(msg=f"`provided` cannot be written so that all readers agree:\n{error}")
    except (AwsError, BusyError, DestinationError, FencedError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
