"""Which applications a deployment lease protects."""

from __future__ import annotations

DOCUMENTATION = r"""
name: release_leases
short_description: List the applications of hosts, with the bucket of their lease
version_added: 0.2.0
author:
  - Slipway (@slipway)
description:
  - Hosts of the same application share one lease.
options:
  _input:
    description: Hosts with C(slipway_app), C(slipway_deployments_bucket) and C(inventory_hostname).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what a release has to lease
  ansible.builtin.debug:
    msg: "{{ groups['slipway'] | map('extract', hostvars) | slipway.fastapi.release_leases }}"
"""

RETURN = r"""
_value:
  description: One entry per application, with C(app), C(bucket) and C(hosts), in the order of the hosts.
  type: list
  elements: dict
  sample: [{app: shop, bucket: slipway-deployments, hosts: [i-1, i-2]}]
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any


def release_leases(hosts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Group hosts by application."""
    found: dict[str, dict[str, Any]] = {}
    for host in hosts:
        app = str(host["slipway_app"])
        lease = found.setdefault(app, {"app": app, "bucket": str(host["slipway_deployments_bucket"]), "hosts": []})
        lease["hosts"].append(str(host["inventory_hostname"]))
    return list(found.values())


class FilterModule:
    """What Ansible loads from here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"release_leases": release_leases}
