"""What separates a host from serving a release in one of its two colours, as data: nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._release import COLOURS
from ansible_collections.slipway.fastapi.plugins.module_utils._switch import links_for
from ansible_collections.slipway.fastapi.plugins.module_utils._systemd import Unit


@dataclass(frozen=True)
class Colour:
    """One of the two."""

    linked: str | None
    """The text of its link: releases/<id>."""
    unit: Unit
    serving: str | None
    """The release that its process was started from."""
    outdated: list[str] = field(default_factory=list)
    """What defines the process and is not what it began with."""


@dataclass(frozen=True)
class Edge:
    """HAProxy."""

    unit: Unit
    active: str | None
    """The colour that it has in memory; None where it does not run, or not with this map."""
    outdated: list[str] = field(default_factory=list)
    """Its files that are newer than what it runs."""


@dataclass(frozen=True)
class Seen:
    """A host as it was found."""

    active: str | None
    """The colour that serves."""
    named: str | None
    """What the map on the disk says: what would serve after a reboot."""
    colours: Mapping[str, Colour]
    edge: Edge
    boot: Unit
    """The unit that starts the active colour."""
    links: Mapping[str, str | None]
    accepted: str | None
    """The release that passed the gate last: where to go back to."""
    phase: str
    """Where a switch was when it ended before its end; empty if none did."""
    left: str | None = None
    """The release that such a switch came from."""
    healthy: str = ""
    """Empty if the active colour answers as it should, else what it says instead."""
    retired: list[Path] = field(default_factory=list)
    """What is left of releases that were rebuilt while they ran."""


def other(colour: str | None) -> str:
    """The colour that a release starts in while this one serves."""
    return "green" if colour == "blue" else "blue"


def serving(named: str | None, told: str | None, running: Mapping[str, bool]) -> str | None:
    """The colour that serves, or None.

    Args:
        named: what the map on the disk says. It is written first, and only of a colour that has passed the gate.
        told: what HAProxy has in memory. They differ after a run that ended between the two.
        running: which colours run.
    """
    usable = [colour for colour in (named, told) if colour in COLOURS]
    return next((colour for colour in usable if running[colour]), usable[0] if usable else None)


def reasons(seen: Seen, release: str) -> list[str]:
    """Why the release must be started in the other colour; empty if the active one serves it."""
    if seen.active is None:
        return ["nothing serves"]
    colour = seen.colours[seen.active]
    if not colour.unit.running:
        return [f"{seen.active} is {colour.unit.active or 'missing'}"]
    if colour.serving != release or colour.linked != f"releases/{release}":
        return [f"{seen.active} is of release {colour.serving or 'unknown'}"]
    found = list(colour.outdated)
    if colour.unit.stale:
        found.append("systemd has not read the unit's files again")
    if not found and seen.healthy:
        found.append(seen.healthy)
    return found


def previous_for(seen: Seen, release: str) -> str | None:
    """The text of the link to the release before this one."""
    for before in (seen.accepted, seen.left):
        if before and before != release:
            return f"releases/{before}"
    return seen.links.get("previous")


def left_running(seen: Seen) -> list[str]:
    """The colours that run and do not serve: what a run that was ended in between has left."""
    return [name for name in COLOURS if name != seen.active and seen.colours[name].unit.active not in ("inactive", "")]


def compare(seen: Seen, release: str) -> Difference:
    """The one difference: it decides `changed` and is the diff, in check mode and outside it."""
    difference = Difference("application")
    wanted = {**links_for(release), "previous": previous_for(seen, release)}
    for link, target in wanted.items():
        difference.compare(link, seen.links.get(link), target)
    why = reasons(seen, release)
    difference.compare("serves", "; ".join(why) if why else release, release)
    if not why:
        difference.compare("map", seen.named or "missing", seen.active)
        for name in left_running(seen):
            difference.compare(name, "runs and does not serve", "stopped")
    edge = seen.edge
    state = edge.unit.active if not edge.unit.running else "; ".join(edge.outdated) or "running"
    if edge.unit.running and not edge.outdated and not why and edge.active != seen.active:
        state = f"sends requests to {edge.active or 'nothing'}"
    difference.compare("HAProxy", state or "missing", "running")
    for name, unit in (("HAProxy at boot", edge.unit), ("at boot", seen.boot)):
        difference.compare(name, "started" if unit.enabled else "not started", "started")
    difference.compare("unit", seen.boot.active or "missing", "active")
    if seen.phase:
        difference.compare("switch", f"ended in the phase {seen.phase}", None)
    for path in seen.retired:
        difference.compare(path.name, "replaced while it ran", None)
    return difference
