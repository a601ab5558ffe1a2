"""What each host serves before and after a run of the role release."""

from __future__ import annotations

DOCUMENTATION = r"""
name: release_outcomes
short_description: Sum up what hosts serve after a release or a rollback
version_added: 0.2.0
author:
  - Slipway (@slipway)
description:
  - After a failed run a host serves the release before, or nobody knows, if it could not be reverted.
options:
  _input:
    description: The fact C(release_state) of each host, by the host's name.
    type: dict
    required: true
  failed:
    description: Whether the run has failed on a host of the fleet.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: Show what hosts serve
  ansible.builtin.debug:
    msg: "{{ {'i-1': {'before': '1-a', 'release': '2-b'}} | slipway.fastapi.release_outcomes(false) }}"
"""

RETURN = r"""
_value:
  description: One entry per host, as M(slipway.fastapi.history) takes them.
  type: list
  elements: dict
  sample: [{name: i-1, before: 1-a, after: 2-b}]
"""

from collections.abc import Callable, Mapping
from typing import Any


def release_outcomes(states: Mapping[str, Mapping[str, Any]], failed: bool) -> list[dict[str, str]]:
    """Sum up each host's state."""
    return [
        {"name": str(name), "before": str(state.get("before", "")), "after": _after(state, failed)}
        for name, state in states.items()
    ]


def _after(state: Mapping[str, Any], failed: bool) -> str:
    if "not_reverted" in state:
        return "unknown"
    return str(state.get("before" if failed else "release", ""))


class FilterModule:
    """What Ansible loads from here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"release_outcomes": release_outcomes}
