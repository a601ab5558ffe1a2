#!/usr/bin/python
"""Waits for a host's first boot, and says what the roles want to know of it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: first_contact
short_description: Wait until a host's first boot is done, and return the facts that roles use
version_added: 0.1.0
description:
  - Tries again while the host does not answer, as M(ansible.builtin.wait_for_connection) does.
  - Waits for cloud-init where it still runs. A boot that failed is an error, one that ended with warnings is not.
  - Returns the few facts that roles use (distribution, package manager, service manager, virtualization), as
    M(ansible.builtin.setup) does, and the host's time. One module does it, because starting a module costs more than
    what it does here.
author:
  - Slipway (@slipway)
options:
  timeout:
    description: Seconds that the host has to answer at all, counted on the control node.
    type: int
    default: 300
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
"""

EXAMPLES = r"""
- name: Wait for the first boot, and gather facts
  slipway.fastapi.first_contact:
    timeout: 120
"""

RETURN = r"""
ansible_facts:
  description: The facts, with the prefix C(ansible_).
  returned: success
  type: dict
  sample: {"ansible_distribution": "Debian"}
answered:
  description: Whether the host answered in time.
  returned: always
  type: bool
boot_failed:
  description: Whether the first boot failed.
  returned: failure
  type: bool
time:
  description: The host's time, in seconds since 1970-01-01T00:00:00Z.
  returned: success
  type: float
"""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.facts.ansible_collector import get_ansible_collector
from ansible.module_utils.facts.namespace import PrefixFactNamespace
from ansible.module_utils.facts.system.distribution import DistributionFactCollector
from ansible.module_utils.facts.system.pkg_mgr import PkgMgrFactCollector
from ansible.module_utils.facts.system.platform import PlatformFactCollector
from ansible.module_utils.facts.system.service_mgr import ServiceMgrFactCollector
from ansible.module_utils.facts.virtual.linux import LinuxVirtualCollector

COLLECTORS = (
    PlatformFactCollector,
    DistributionFactCollector,
    PkgMgrFactCollector,
    ServiceMgrFactCollector,
    LinuxVirtualCollector,
)
SUBSET = ["!all", "!min", "distribution", "pkg_mgr", "service_mgr", "virtual"]
RESULT = Path("/run/cloud-init/result.json")
"""Written when cloud-init has ended, with its errors (cloud-init's documentation, "Boot status")."""
FAILED = 1
"""The exit code of `cloud-init status` for a boot that failed; 2 is one that ended with warnings."""


class BootError(Exception):
    """The first boot failed; the text says how."""


def ended_well(result: Path) -> bool:
    """Whether cloud-init has left word that it ended, and no error."""
    try:
        return bool(json.loads(result.read_text(encoding="utf-8"))["v1"]["errors"] == [])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def wait(result: Path = RESULT) -> None:
    """Wait until the first boot is done. Raises BootError, also where there is no cloud-init."""
    # Starting cloud-init's own command takes half a second.
    if ended_well(result):
        return
    try:
        done = subprocess.run(["cloud-init", "status", "--wait"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise BootError(f"cloud-init cannot be asked for the first boot: {error}") from error
    if done.returncode == FAILED:
        said = " ".join((done.stdout + done.stderr).split())
        raise BootError(f"the first boot failed ({said}): see /var/log/cloud-init-output.log on the host")


def facts(module: AnsibleModule) -> dict[str, Any]:
    """What roles use, by Ansible's own collectors."""
    collector = get_ansible_collector(
        all_collector_classes=list(COLLECTORS),
        namespace=PrefixFactNamespace(namespace_name="ansible", prefix="ansible_"),
        gather_subset=SUBSET,
        minimal_gather_subset=frozenset(),
    )
    found: dict[str, Any] = collector.collect(module=module)
    return found


def main() -> None:
    """Entry point."""
    # The action counts the seconds: a host that does not answer runs no module.
    module = AnsibleModule({"timeout": {"type": "int", "default": 300}}, supports_check_mode=True)
    try:
        wait()
    except BootError as error:
        module.fail_json(msg=str(error), boot_failed=True)
    module.exit_json(changed=False, ansible_facts=facts(module), time=time.time())


if __name__ == "__main__":
    main()
