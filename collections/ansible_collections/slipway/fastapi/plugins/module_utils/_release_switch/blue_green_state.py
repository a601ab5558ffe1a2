"""What separates a host from serving a release with the strategy blue_green. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._release.layout import SLOTS
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.links import compare_links
from ansible_collections.slipway.fastapi.plugins.module_utils._system.systemd import Unit


@dataclass(frozen=True)
class SlotState:
    """One of the two slots."""

    linked: str | None
    """The text of its link: releases/<id>."""
    unit: Unit
    serving: str | None
    """The release that its process was started from."""
    outdated: list[str] = field(default_factory=list)
    """A sentence for each file of the process that has changed since the process started."""


@dataclass(frozen=True)
class HaproxyState:
    """The HAProxy of the host."""

    unit: Unit
    active: str | None
    """The slot that it has in memory; None if it does not run, or runs without this map."""
    outdated: list[str] = field(default_factory=list)
    """Its files that have changed since it read them."""


@dataclass(frozen=True)
class BlueGreenState:
    """A host whose service has two slots behind HAProxy."""

    active: str | None
    """The slot that serves."""
    stored: str | None
    """The slot in the map on the disk: what would serve after a reboot."""
    slots: Mapping[str, SlotState]
    haproxy: HaproxyState
    boot: Unit
    """The unit that starts the active slot."""
    links: Mapping[str, str | None]
    accepted: str | None
    """The release that passed the health check last: where to go back to."""
    phase: str
    """The phase in which an interrupted switch ended; empty if there is none."""
    interrupted_from: str | None = None
    """The release that the interrupted switch was to replace."""
    complaint: str = ""
    """Why the active slot is not healthy; empty if it is, and where it is replaced anyway."""
    leftovers: list[Path] = field(default_factory=list)
    """What is left of releases that were rebuilt while they ran."""


def other(slot: str | None) -> str:
    """The slot that a release is started in while this one serves."""
    return "green" if slot == "blue" else "blue"


def active_slot(stored: str | None, loaded: str | None, running: Mapping[str, bool]) -> str | None:
    """The slot that serves, or None.

    Args:
        stored: the slot in the map on the disk. It is written first, and only when the slot is healthy.
        loaded: the slot in HAProxy's memory. The two differ after a run that ended between the two steps.
        running: which slots run.
    """
    usable = [slot for slot in (stored, loaded) if slot in SLOTS]
    return next((slot for slot in usable if running[slot]), usable[0] if usable else None)


def reasons(state: BlueGreenState, release: str) -> list[str]:
    """Why the release must be started in the other slot; empty if the active one serves it."""
    if state.active is None:
        return ["nothing serves"]
    slot = state.slots[state.active]
    if not slot.unit.running:
        return [f"{state.active} is {slot.unit.active or 'missing'}"]
    if slot.serving != release or slot.linked != f"releases/{release}":
        return [f"{state.active} is of release {slot.serving or 'unknown'}"]
    found = list(slot.outdated)
    if slot.unit.stale:
        found.append("systemd has not read the unit's files again")
    if not found and state.complaint:
        found.append(state.complaint)
    return found


def target_slot(state: BlueGreenState, release: str) -> str:
    """The slot that serves after the switch."""
    if state.active and not reasons(state, release):
        return state.active
    return other(state.active)


def previous_for(state: BlueGreenState, release: str) -> str | None:
    """The text of the link to the release before this one."""
    for before in (state.accepted, state.interrupted_from):
        if before and before != release:
            return f"releases/{before}"
    return state.links.get("previous")


def stray_slots(state: BlueGreenState) -> list[str]:
    """The slots that run and do not serve: what an interrupted run has left."""
    return [name for name in SLOTS if name != state.active and state.slots[name].unit.active not in ("inactive", "")]


def compare(state: BlueGreenState, release: str) -> Difference:
    """The one difference: it decides `changed` and is the diff, in check mode and outside it."""
    difference = Difference("application")
    compare_links(difference, state.links, release, previous_for(state, release))
    why = reasons(state, release)
    difference.compare("serves", "; ".join(why) if why else release, release)
    if not why:
        difference.compare("map", state.stored or "missing", state.active)
        for name in stray_slots(state):
            difference.compare(name, "runs and does not serve", "stopped")
    haproxy = state.haproxy
    found = haproxy.unit.active if not haproxy.unit.running else "; ".join(haproxy.outdated) or "running"
    if haproxy.unit.running and not haproxy.outdated and not why and haproxy.active != state.active:
        found = f"sends requests to {haproxy.active or 'nothing'}"
    difference.compare("HAProxy", found or "missing", "running")
    for name, unit in (("HAProxy at boot", haproxy.unit), ("at boot", state.boot)):
        difference.compare(name, "started" if unit.enabled else "not started", "started")
    difference.compare("unit", state.boot.active or "missing", "active")
    if state.phase:
        difference.compare("switch", f"ended in the phase {state.phase}", None)
    for path in state.leftovers:
        difference.compare(path.name, "replaced while it ran", None)
    return difference
