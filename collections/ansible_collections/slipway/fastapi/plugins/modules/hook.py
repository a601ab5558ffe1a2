#!/usr/bin/python
"""Run a program that the release brings for a point of its own deployment."""

from __future__ import annotations

DOCUMENTATION = r"""
module: hook
short_description: RunCommand a hook of a release, if it has one
version_added: 0.1.0
author:
  - Slipway maintainers (@slipway)
description:
  - Runs the executable file C(hooks/<name>) of a release as the service would run it, with the service's account, the
    release's code, Python and C(.env), and every restriction of the service's unit and drop-ins.
  - It is a transient unit, C(<unit>-hook-<name>), that prints to the journal. What it was given besides is documented
    in docs/hooks.md.
  - A release that has no such file is none the worse for it.
options:
  dir:
    description: Directory of the application.
    type: path
    required: true
  unit:
    description: The service's unit, whose surroundings the hook gets.
    type: str
    default: backend
  name:
    description:
      - Which hook. V(migrate) is for changes that all hosts share, such as those of a database. It is not run again
        for a release for which it has succeeded on this host.
      - V(before_switch) and V(after_switch) are not run where O(previous) is O(release), because nothing switches.
    type: str
    choices: [migrate, before_switch, after_switch]
    required: true
  release:
    description: Id of the release whose hook it is. It must have been prepared on this host.
    type: str
    required: true
  previous:
    description: Id of the release that serves, or served before. Empty for none.
    type: str
    default: ""
  app:
    description: Name of the application, told to the hook.
    type: str
    required: true
  environment:
    description: Name of the environment, told to the hook.
    type: str
    required: true
  host:
    description: Name of the host, told to the hook.
    type: str
    required: true
  timeout:
    description: Seconds that the hook may take.
    type: int
    default: 300
  journal_lines:
    description: How many lines of what a failed hook printed are shown.
    type: int
    default: 40
extends_documentation_fragment:
  - slipway.fastapi.lease_generation
attributes:
  check_mode:
    support: full
    description: Says whether the hook would be run. Where the release is not on the host yet, that it cannot tell.
  diff_mode:
    support: full
    description: Shows that the hook is run.
  idempotent:
    support: partial
    description: V(migrate) is run once for a release. The others are run whenever a switch is due.
seealso:
  - module: slipway.fastapi.release
  - module: slipway.fastapi.release_switch
"""

EXAMPLES = r"""
- name: Bring the database to what the new release needs, once for all hosts
  slipway.fastapi.hook:
    dir: /opt/backend
    name: migrate
    release: 3f2a9c51d0b7-5be0a1c4
    previous: 8ea6931ef0c0-da72a7ab
    app: location-content
    environment: dev
    host: "{{ inventory_hostname }}"
  run_once: true
"""

RETURN = r"""
ran:
  description: Whether the hook was run.
  returned: success
  type: bool
reason:
  description: Why it was not, or need not be. Empty when it was run.
  returned: success
  type: str
  sample: the release has no hooks/migrate
seconds:
  description: How long it took.
  returned: success
  type: float
  sample: 1.4
"""

import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._lease.fence import ARGUMENTS as FENCE_ARGUMENTS
from ansible_collections.slipway.fastapi.plugins.module_utils._lease.fence import Fence, FencedError
from ansible_collections.slipway.fastapi.plugins.module_utils._release.layout import RELEASE, Layout
from ansible_collections.slipway.fastapi.plugins.module_utils._service import hooks
from ansible_collections.slipway.fastapi.plugins.module_utils._service.hooks import HookError, Job
from ansible_collections.slipway.fastapi.plugins.module_utils._system import files
from ansible_collections.slipway.fastapi.plugins.module_utils._system.systemd import SystemdError

LOCK_TIMEOUT = 60
"""Seconds to wait for another run on the same host."""
LONGEST = 24 * 3600


def variables(options: dict[str, Any]) -> dict[str, str]:
    """What a hook is told, besides its release's own environment."""
    return {
        "SLIPWAY_HOOK": options["name"],
        "SLIPWAY_RELEASE": options["release"],
        "SLIPWAY_PREVIOUS": options["previous"],
        "SLIPWAY_APP_NAME": options["app"],
        "SLIPWAY_ENVIRONMENT": options["environment"],
        "SLIPWAY_HOST": options["host"],
    }


def reason_not_to(options: dict[str, Any], release: Path, check_mode: bool) -> str:
    """Why there is nothing to run; empty where there is. Raises HookError."""
    name = options["name"]
    if not release.is_dir():
        if check_mode:
            return "the release is not on this host yet"
        raise HookError(f"release {release.name} is not on this host: prepare it first (slipway.fastapi.release)")
    if hooks.find(release, name) is None:
        return f"the release has no {hooks.FOLDER}/{name}"
    if name != hooks.ONCE and options["previous"] == options["release"]:
        return "the release serves already"
    before = hooks.succeeded(release, name)
    return f"it has succeeded for this release at {before}" if before else ""


def run(module: AnsibleModule) -> dict[str, Any]:
    """Do what the options say and return the result. Raises what `main` catches."""
    options = module.params
    layout = Layout(Path(options["dir"]))
    release = layout.release(options["release"])
    fence = Fence(layout.top, options["generation"])
    fence.check()
    reason, began = reason_not_to(options, release, module.check_mode), time.monotonic()
    if not reason and not module.check_mode:
        with fence.held(LOCK_TIMEOUT):
            # Another run may have done it in the meantime.
            reason = reason_not_to(options, release, module.check_mode)
            if not reason:
                carry_out(module, layout.top, release)
    difference = Difference(str(release))
    difference.compare(f"{hooks.FOLDER}/{options['name']}", None, None if reason else "run")
    return {
        "changed": difference.changed,
        "diff": difference.as_diff(),
        "ran": not reason and not module.check_mode,
        "reason": reason,
        "seconds": round(time.monotonic() - began, 1),
    }


def carry_out(module: AnsibleModule, top: Path, release: Path) -> None:
    """Run the hook, and remember that it has succeeded. Raises HookError or SystemdError."""
    options = module.params
    name, unit = options["name"], options["unit"]
    others = hooks.under_way(module.run_command, unit)
    if others:
        raise HookError(
            f"a hook that an earlier run has started has not ended yet: wait for {others[0]} (systemctl status "
            f"{others[0]}) or end it (systemctl stop {others[0]}), then run this again"
        )
    program = hooks.find(release, name)
    if program is None:
        raise HookError(f"{release} has lost its hook {name} since this run began: publish the application again")
    job = Job(unit, name, program, top, release, variables(options), options["timeout"])
    hooks.run(job, module.run_command, options["journal_lines"])
    hooks.remember(release, name)


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        {
            "dir": {"type": "path", "required": True},
            "unit": {"type": "str", "default": "backend"},
            "name": {"type": "str", "choices": list(hooks.NAMES), "required": True},
            "release": {"type": "str", "required": True},
            "previous": {"type": "str", "default": ""},
            "app": {"type": "str", "required": True},
            "environment": {"type": "str", "required": True},
            "host": {"type": "str", "required": True},
            "timeout": {"type": "int", "default": 300},
            "journal_lines": {"type": "int", "default": 40},
            **FENCE_ARGUMENTS,
        },
        supports_check_mode=True,
    )
    for option in ("release", "previous"):
        if module.params[option] and not RELEASE.fullmatch(module.params[option]):
            module.fail_json(
                msg=f"{option} '{module.params[option]}' is no id of a release, such as 3f2a9c51d0b7-5be0a1c4"
            )
    if not 1 <= module.params["timeout"] <= LONGEST:
        module.fail_json(msg=f"timeout must be from 1 to {LONGEST} seconds")
    try:
        result = run(module)
    except (HookError, FencedError, SystemdError, files.BusyError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
