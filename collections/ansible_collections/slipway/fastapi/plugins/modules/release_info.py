#!/usr/bin/python
"""Finds the release that a host can go back to."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_info
short_description: Find the release that a host can go back to, and check that it is whole
version_added: 0.1.0
description:
  - Chooses among the releases that the host has kept, by its own history, and compares the chosen one with its
    manifest, file by file. It needs no connection to anything outside the host.
  - The order is that of the releases. Going back to one does not make it the newest, so going back twice goes two back.
  - Changes nothing.
author:
  - Slipway (@slipway)
options:
  dir:
    description: Directory of the application.
    type: path
    required: true
  wanted:
    description: Id of a release, or how many releases to go back. Empty for the one before.
    type: str
    default: ''
attributes:
  check_mode:
    description: It only looks.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
  idempotent:
    description: It changes nothing.
    support: full
"""

EXAMPLES = r"""
- name: Find the release before
  slipway.fastapi.release_info:
    dir: /opt/backend
  register: before

- name: Find the one before that
  slipway.fastapi.release_info:
    dir: /opt/backend
    wanted: "2"
"""

RETURN = r"""
release:
  description: Id of the release.
  returned: success
  type: str
  sample: 91c04be7a2f6-5be0a1c4
current:
  description: Id of the one that serves, empty if none does.
  returned: success
  type: str
  sample: 3f2a9c51d0b7-5be0a1c4
artifact:
  description: What the release was made of, with bucket, key and version.
  returned: success
  type: dict
env_revision:
  description: The revision of the C(.env) that comes back with the release.
  returned: success
  type: str
  sample: 5be0a1c4
variables:
  description: The names in that C(.env).
  returned: success
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils._dotenv.grammar import DotenvError, parse
from ansible_collections.slipway.fastapi.plugins.module_utils._release import manifest, release_log
from ansible_collections.slipway.fastapi.plugins.module_utils._release.layout import Layout
from ansible_collections.slipway.fastapi.plugins.module_utils._system import disk

MOST_SHOWN = 5
"""Damaged files that are named in the error."""


def find(layout: Layout, wanted: str) -> dict[str, Any]:
    """The result of the module.

    Raises:
        NoReleaseError: there is none, or it is damaged.
    """
    current = layout.linked("current")
    released = release_log.order(release_log.read(layout.history))
    chosen = release_log.choose(wanted, current, layout.linked("previous"), released, layout.present())
    top = layout.release(chosen)
    damage = manifest.damage(top)
    if damage:
        shown = "; ".join(damage[:MOST_SHOWN]) + ("; …" if len(damage) > MOST_SHOWN else "")
        raise release_log.NoReleaseError(
            f"release {chosen} is damaged and must not serve ({shown}): choose another one, or release it anew"
        )
    about = manifest.read(top) or {}
    try:
        variables = sorted(parse((top / ".env").read_bytes()))
    except (OSError, DotenvError) as error:
        raise release_log.NoReleaseError(f"the .env of release {chosen} cannot be read: {error}") from error
    return {
        "release": chosen,
        "current": current or "",
        "artifact": about.get("artifact") or {},
        "env_revision": str(about.get("env_revision") or ""),
        "variables": variables,
    }


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        {"dir": {"type": "path", "required": True}, "wanted": {"type": "str", "default": ""}}, supports_check_mode=True
    )
    try:
        result = find(Layout(Path(module.params["dir"])), module.params["wanted"].strip())
    except release_log.NoReleaseError as error:
        module.fail_json(msg=f"There is nothing to go back to, and nothing was changed: {error}")
    except OSError as error:
        module.fail_json(msg=disk.message(error, "What serves was left alone."))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
