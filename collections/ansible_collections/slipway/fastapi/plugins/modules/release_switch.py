#!/usr/bin/python
"""Makes a prepared release the one that serves."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_switch
short_description: Make a prepared release the one that serves, or go back to one
version_added: 0.2.0
description:
  - Starts a release that M(slipway.fastapi.release) has prepared, waits until its own process is healthy, and makes it
    the current one. The links in O(dir) lead to it.
  - The health check must answer with status 200, three times in a row. When the answer is a JSON object with a key
    C(release), that must be the release's id.
  - With O(strategy=blue_green) the release starts in the slot that is idle, on a Unix socket. When it is healthy,
    HAProxy sends it every new request. The slot that has served until then ends its requests and streams, and is
    stopped when it has none left or after O(drain). A release that is not healthy is stopped, and the one before
    serves without an interruption.
  - Which slot serves is kept in C(haproxy.map) in O(dir). The file is written before HAProxy is told, so a host or a
    HAProxy that starts anew sends requests to the same slot. HAProxy is started when it does not run, reads its
    configuration again when that is newer, takes a renewed certificate without either, and is restarted when its unit
    is newer.
  - With O(strategy=restart) the unit holds the port itself and is restarted. When the release is not healthy, the
    release before is restarted in its place. When there was none, the unit is stopped and C(current) removed. Requests
    in progress are lost.
  - Where O(strategy=blue_green) has served until now, O(strategy=restart) stops HAProxy and both slots before the unit
    starts, and removes them when it is healthy. During maintenance (M(slipway.fastapi.maintenance)) they stay, and
    the module fails before anything changes.
  - A process is replaced when it is of another release, has failed, was stopped, or is older than its files. The units
    are enabled.
  - When the release is not healthy, the module fails with the end of its journal, without any value of its C(.env).
  - A run that was ended at any point leaves a state that the next run continues from. With O(strategy=blue_green) one
    release serves all the time.
author:
  - Slipway (@slipway)
extends_documentation_fragment:
  - slipway.fastapi.lease_generation
options:
  dir:
    description: Directory of the application.
    type: path
    required: true
  release:
    description: Id of the release.
    type: str
    required: true
  strategy:
    description: How the release before is replaced.
    type: str
    choices: [blue_green, restart]
    default: blue_green
  unit:
    description:
      - Name of the systemd unit, C(backend) for C(backend.service). With O(strategy=blue_green) the slots are
        C(backend@blue.service) and C(backend@green.service).
      - Its processes must have the variables of C(release.env).
    type: str
    required: true
  port:
    description: Port of the service, which HAProxy or the unit listens on. No other process may hold it.
    type: int
    required: true
  address:
    description: Address of this host that O(health_path) is requested at with O(strategy=restart).
    type: str
    default: 127.0.0.1
  health_path:
    description: Path of the health check, over plain HTTP.
    type: str
    default: /health
  stream_path:
    description: Path of a stream of events that must send its first event before the release serves. Empty for none.
      Used with O(strategy=blue_green).
    type: str
    default: ''
  timeout:
    description: Seconds after which the release has failed. A process that keeps ending is found out sooner.
    type: int
    default: 60
  drain:
    description: Seconds that requests and streams in progress have to end, from 0 to 3600. After that they are cut.
      Used with O(strategy=blue_green).
    type: int
    default: 300
  redefined:
    description: Whether this run has changed, or in check mode would change, the unit's files. Outside check mode the
      times of the files tell it too, also after an interrupted run.
    type: bool
    default: false
  action:
    description: The name of this action in the host's history.
    type: str
    choices: [release, rollback]
    default: release
  by:
    description: Who runs it, for the host's history.
    type: str
    default: ''
  journal_lines:
    description: Lines of the journal in the error.
    type: int
    default: 40
attributes:
  check_mode:
    description: Looks at links, units, processes, health and HAProxy, and changes nothing.
    support: full
  diff_mode:
    description: Links, units, HAProxy, and the reasons for starting the release.
    support: full
  idempotent:
    description: A host that serves the release is left alone.
    support: full
"""

EXAMPLES = r"""
- name: Switch to the release without losing a request
  slipway.fastapi.release_switch:
    dir: /opt/backend
    release: "{{ prepared.release }}"
    unit: backend
    port: 8000
    drain: 120

- name: Restart the service with the release
  slipway.fastapi.release_switch:
    dir: /opt/backend
    release: "{{ prepared.release }}"
    strategy: restart
    unit: backend
    port: 8000
"""

RETURN = r"""
release:
  description: Id of the release that serves.
  returned: success
  type: str
  sample: 3f2a9c51d0b7-5be0a1c4
previous:
  description: Id of the release that served before, empty if there was none.
  returned: success
  type: str
  sample: 91c04be7a2f6-5be0a1c4
reasons:
  description: Why the release was, or in check mode would be, started. Empty if it served already.
  returned: success
  type: list
  elements: str
slot:
  description: The slot that serves.
  returned: success, with O(strategy=blue_green)
  type: str
  sample: green
seconds:
  description: Seconds until the release was healthy (C(gate)), from then until requests went to it (C(switch)), and
    until the slot before had ended its streams (C(drain)). Empty if nothing was started.
  returned: success, with O(strategy=blue_green)
  type: dict
  sample: {gate: 1.9, switch: 0.02, drain: 0.4}
cut:
  description: Requests and streams that had not ended after O(drain).
  returned: success, with O(strategy=blue_green)
  type: int
  sample: 0
running:
  description: Id of the release that serves after a failed switch, empty if none does.
  returned: failure
  type: str
journal:
  description: The end of the journal of the release that failed.
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils._lease.fence import ARGUMENTS as FENCE_ARGUMENTS
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.run import run


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        {
            "dir": {"type": "path", "required": True},
            "release": {"type": "str", "required": True},
            "strategy": {"type": "str", "choices": ["blue_green", "restart"], "default": "blue_green"},
            "unit": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
            "address": {"type": "str", "default": "127.0.0.1"},
            "health_path": {"type": "str", "default": "/health"},
            "stream_path": {"type": "str", "default": ""},
            "timeout": {"type": "int", "default": 60},
            "drain": {"type": "int", "default": 300},
            "redefined": {"type": "bool", "default": False},
            "action": {"type": "str", "choices": ["release", "rollback"], "default": "release"},
            "by": {"type": "str", "default": ""},
            "journal_lines": {"type": "int", "default": 40},
            **FENCE_ARGUMENTS,
        },
        supports_check_mode=True,
    )
    run(module)


if __name__ == "__main__":
    main()
