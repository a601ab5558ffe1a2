#!/usr/bin/python
"""Says whether a host is as the last complete run has left it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: baseline
short_description: Record what a run has left on a host, and say later whether it is still so
version_added: 0.1.0
description:
  - A baseline has a digest of everything that a part of a play depends on, and kind, owner, mode and content of the
    files that it manages.
  - A play that asks before it begins can leave out a part whose inputs and files are unchanged. What a file system does
    not show (whether a unit runs, for instance) is not in it, and has to be asked otherwise.
  - With O(sha256) the current release below O(dir) is looked at as well. It must be of that artifact and as its
    manifest says, and nothing may be left to remove.
  - Baselines are in C(/var/lib/slipway/baselines), which only root reads. They protect from mistakes and not from an
    intruder who is root on the host.
author:
  - Slipway (@slipway)
options:
  state:
    description: V(checked) compares and changes nothing; V(recorded) keeps what is there now.
    type: str
    choices: [checked, recorded]
    default: checked
  baselines:
    description: The parts of the play.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the part, of lower-case letters, digits and hyphens.
        type: str
        required: true
      inputs:
        description: Digest of everything that the part depends on and that is not on the host.
        type: str
        required: true
      paths:
        description: Absolute paths of what the part manages. One that must not be there belongs to them.
        type: list
        elements: path
        required: true
  dir:
    description: Directory of the application.
    type: path
    default: /opt/backend
  sha256:
    description: SHA-256 of the artifact that should serve. Without it releases are not looked at.
    type: str
    default: ""
  env_file:
    description: File that the C(.env) of the current release is a copy of.
    type: path
  keep:
    description: How many releases stay on the host, as M(slipway.fastapi.release) is told.
    type: int
    default: 5
attributes:
  check_mode:
    description: With V(recorded) nothing is written.
    support: full
  diff_mode:
    description: What is not as it was recorded is in RV(differences).
    support: none
  idempotent:
    description: A baseline that says the same already is left alone.
    support: full
"""

EXAMPLES = r"""
- name: Look whether the host is as the last release has left it
  slipway.fastapi.baseline:
    baselines:
      - name: release
        inputs: "{{ inputs | to_json | hash('sha256') }}"
        paths: [/etc/haproxy/haproxy.cfg]
  register: looked
"""

RETURN = r"""
unchanged:
  description: Whether each part is as it was recorded, by its name.
  returned: success
  type: dict
  sample: {"release": true}
differences:
  description: What is not, by the part's name.
  returned: success
  type: dict
  sample: {"release": ["/etc/haproxy/haproxy.cfg is not as it was left"]}
release:
  description: Id of the current release; empty where there is none, and where it is not as asked for.
  returned: success
  type: str
  sample: 3f2a9c51d0b7-5be0a1c4
"""

import json
import re
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils import _baseline
from ansible_collections.slipway.fastapi.plugins.module_utils._release.layout import Layout, make_plan
from ansible_collections.slipway.fastapi.plugins.module_utils._system import files

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")


def run(options: dict[str, Any], write: bool, folder: Path = _baseline.FOLDER) -> dict[str, Any]:
    """Compare or record, and return the module's result. Raises OSError."""
    found, changed = {}, False
    for entry in options["baselines"]:
        now, before = _baseline.describe(entry["inputs"], entry["paths"]), _baseline.read(folder, entry["name"])
        found[entry["name"]] = _baseline.differences(before, now)
        if options["state"] == "recorded" and found[entry["name"]]:
            changed = True
            if write:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                text = json.dumps(now, indent=1, sort_keys=True) + "\n"
                files.write_file(folder / f"{entry['name']}.json", text.encode(), 0o600)
    return {
        "changed": changed,
        "unchanged": {name: not differences for name, differences in found.items()},
        "differences": found,
        "release": current(options) if options["sha256"] else "",
    }


def current(options: dict[str, Any]) -> str:
    """The id of the current release where it is of the artifact and nothing is left to do for it; otherwise empty."""
    layout = Layout(Path(options["dir"]))
    name = layout.linked("current") or ""
    if not name.startswith(f"{options['sha256'][:12]}-"):
        return ""
    plan = make_plan(layout, name, Path(options["env_file"]) if options["env_file"] else None, options["keep"])
    return "" if plan.difference().changed else name


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        {
            "state": {"type": "str", "choices": ["checked", "recorded"], "default": "checked"},
            "baselines": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "inputs": {"type": "str", "required": True},
                    "paths": {"type": "list", "elements": "path", "required": True},
                },
            },
            "dir": {"type": "path", "default": "/opt/backend"},
            "sha256": {"type": "str", "default": ""},
            "env_file": {"type": "path"},
            "keep": {"type": "int", "default": 5},
        },
        supports_check_mode=True,
    )
    for entry in module.params["baselines"]:
        if not NAME.fullmatch(entry["name"]):
            module.fail_json(msg=f"'{entry['name']}' is no name of a baseline")
        for path in entry["paths"]:
            if not Path(path).is_absolute():
                module.fail_json(msg=f"'{path}' is no absolute path: write where it is on the host")
    try:
        result = run(module.params, write=not module.check_mode)
    except OSError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
