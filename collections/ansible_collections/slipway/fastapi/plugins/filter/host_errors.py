"""Filter slipway.fastapi.host_errors."""

from __future__ import annotations

DOCUMENTATION = r"""
name: host_errors
short_description: What is wrong with the variables that a host's tags gave it
version_added: 0.1.0
author:
  - Slipway maintainers (@slipway)
description:
  - Checks each variable that came from an instance tag against the tag schema (C(plugin_utils/tag_schema.yml)) and
    against the environment's allow-lists.
  - A value that names a bucket, parameter, database or VPC outside the lists is an error.
positional: allowed
options:
  _input:
    description: The host's variables.
    type: dict
    required: true
  allowed:
    description:
      - The allow-lists C(apps), C(buckets), C(parameters), C(databases) (shell patterns) and C(vpc_ids), and the name
        of the environment as C(environment).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Check the tags of the host
  ansible.builtin.assert:
    that: problems | length == 0
    fail_msg: "{{ problems }}"
  vars:
    problems: "{{ hostvars[inventory_hostname] | slipway.fastapi.host_errors(slipway_allowed) }}"
"""

RETURN = r"""
_value:
  description: One sentence for each value that cannot be trusted.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.slipway.fastapi.plugins.plugin_utils._host_check import host_errors


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], list[str]]]:
        """Name to function."""
        return {"host_errors": host_errors}
