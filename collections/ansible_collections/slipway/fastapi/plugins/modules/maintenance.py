#!/usr/bin/python
"""Lets HAProxy answer in the place of a service, or the service again."""

from __future__ import annotations

DOCUMENTATION = r"""
module: maintenance
short_description: Let HAProxy answer that a service is down for maintenance, or the service again
version_added: 0.1.0
description:
  - With V(on) HAProxy answers every request with status 503 and C(Retry-After). The service still answers the health
    path. Requests and streams in progress end normally.
  - The state is an entry of C(haproxy.map) in O(dir). It is written before HAProxy is told, so it outlasts a restart of
    HAProxy or of the host. A release does not change it.
  - Where HAProxy does not run, it takes the entry up at its start.
author:
  - Slipway (@slipway)
options:
  dir:
    description: Directory of the application.
    type: path
    required: true
  state:
    description: Whether HAProxy is to answer for the service.
    type: str
    choices: ['on', 'off']
    required: true
attributes:
  check_mode:
    description: Looks at the map on the disk and in HAProxy's memory, and changes nothing.
    support: full
  diff_mode:
    description: The entry on the disk, and the one in HAProxy's memory.
    support: full
  idempotent:
    description: A host that answers as asked is left alone.
    support: full
"""

EXAMPLES = r"""
- name: Answer for the service
  slipway.fastapi.maintenance:
    dir: /opt/backend
    state: 'on'
"""

RETURN = r"""
state:
  description: V(on) or V(off), and V(none) on a host that has files and no service.
  returned: success
  type: str
  sample: 'on'
running:
  description: Whether HAProxy runs, and so answers like this now.
  returned: success
  type: bool
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._haproxy import haproxy
from ansible_collections.slipway.fastapi.plugins.module_utils._release.layout import Layout
from ansible_collections.slipway.fastapi.plugins.module_utils._system import disk, files

ENTRY = "maintenance"
LOCK_TIMEOUT = 60
"""Seconds to wait for another run on the same host."""


def run(module: AnsibleModule, runtime: haproxy.Runtime) -> dict[str, Any]:
    """Does what there is to do and returns the module's result."""
    layout = Layout(Path(module.params["dir"]))
    path, wanted = layout.top / haproxy.MAP, module.params["state"]
    if not path.is_file():
        if layout.linked("current") and not (layout.top / "venv").is_symlink():
            return {"changed": False, "state": "none", "running": False}
        module.fail_json(
            msg=f"there is no {path}, so no HAProxy that could answer for the service. A release with the strategy "
            "blue_green brings it: take slipway_release_strategy out of the inventory's group_vars, then make release. "
            "With the strategy restart the service can only be stopped (make ssh, then systemctl stop)"
        )
    held = runtime.entries(path)
    difference = compare(haproxy.read_map(path), held, wanted)
    if difference.changed and not module.check_mode:
        with files.locked(layout.lock, LOCK_TIMEOUT):
            # A release may have changed the other entry in the meantime.
            entries = haproxy.read_map(path)
            if entries.get(ENTRY) != wanted:
                # The disk comes first: it is what holds after a crash.
                haproxy.write_map(path, {**entries, ENTRY: wanted})
                files.flush_names(layout.top)
            if held:
                runtime.set(path, ENTRY, wanted)
    return {"changed": difference.changed, "diff": difference.as_diff(), "state": wanted, "running": bool(held)}


def state_of(path: Path, runtime: haproxy.Runtime) -> str:
    """What holds on the disk and in HAProxy, as a sentence."""
    held = (runtime.entries(path) or {}).get(ENTRY, "unknown")
    try:
        stored = haproxy.read_map(path).get(ENTRY, "unknown")
    except OSError:
        stored = "unknown"
    return f"Maintenance is {held} in HAProxy, which answers, and {stored} on the disk, from which it starts."


def compare(stored: dict[str, str], held: dict[str, str] | None, wanted: str) -> Difference:
    """The one difference: it decides `changed` and is the diff, in check mode and outside it.

    Args:
        stored: the map on the disk.
        held: the map in HAProxy's memory; None where it does not run.
        wanted: `on` or `off`.
    """
    difference = Difference("maintenance")
    difference.compare("on the disk", stored.get(ENTRY), wanted)
    if held:
        difference.compare("HAProxy", held.get(ENTRY), wanted)
    return difference


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        {
            "dir": {"type": "path", "required": True},
            "state": {"type": "str", "choices": ["on", "off"], "required": True},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module, haproxy.Runtime())
    except (haproxy.HaproxyError, files.BusyError) as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=disk.message(error, state_of(Path(module.params["dir"]) / haproxy.MAP, haproxy.Runtime())))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
