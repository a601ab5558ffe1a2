"""What separates a host from serving a release with the strategy restart. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.links import compare_links
from ansible_collections.slipway.fastapi.plugins.module_utils._system.systemd import Unit


@dataclass(frozen=True)
class RestartState:
    """A host whose service is one unit that holds the port itself."""

    links: Mapping[str, str | None]
    """Each link of the application's directory with its text."""
    accepted: str | None
    """The release that passed the health check last: where to go back to."""
    interrupted: bool
    """Whether a switch began and did not end."""
    unit: Unit
    serving: str | None
    """The release that the unit's process was started from."""
    outdated: list[str]
    """A sentence for each file of the process that has changed since the process started."""
    complaint: str = ""
    """Why the running service is not healthy; empty if it is, and where a restart is needed anyway."""
    leftovers: list[Path] = field(default_factory=list)
    """What is left of releases that were rebuilt while they ran."""


def previous_for(state: RestartState, release: str) -> str | None:
    """The text of the link to the release before this one."""
    if state.accepted and state.accepted != release:
        return f"releases/{state.accepted}"
    return state.links.get("previous")


def restart_reasons(state: RestartState, release: str) -> list[str]:
    """Why the unit must be restarted; empty if it need not be."""
    if not state.unit.running:
        return [f"the unit is {state.unit.active or 'missing'}"]
    if state.serving != release:
        return [f"the process is of release {state.serving or 'unknown'}"]
    reasons = list(state.outdated)
    if state.unit.stale:
        reasons.append("systemd has not read the unit's files again")
    if not reasons and state.complaint:
        reasons.append(state.complaint)
    return reasons


def compare(state: RestartState, release: str) -> Difference:
    """The one difference: it decides `changed` and is the diff, in check mode and outside it."""
    difference = Difference("application")
    compare_links(difference, state.links, release, previous_for(state, release))
    reasons = restart_reasons(state, release)
    difference.compare("unit", "; ".join(reasons) if reasons else "running", "running")
    difference.compare("at boot", "started" if state.unit.enabled else "not started", "started")
    if state.interrupted:
        difference.compare("switch", "began and did not end", None)
    for path in state.leftovers:
        difference.compare(path.name, "replaced while it ran", None)
    return difference
