"""What separates a host from serving a release, as data: nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._dotenv import DotenvError, parse
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.redact import Redactor, secrets_in
from ansible_collections.slipway.fastapi.plugins.module_utils._systemd import Unit

VARIABLE = "SLIPWAY_RELEASE"
"""The environment variable by which a process knows, and shows, which release it is."""


@dataclass(frozen=True)
class Seen:
    """A host as it was found."""

    links: Mapping[str, str | None]
    """Each link of the application's directory with its text."""
    accepted: str | None
    """The release that passed the gate last: where to go back to."""
    interrupted: bool
    """Whether a switch began and did not end."""
    unit: Unit
    serving: str | None
    """The release that the unit's process was started from."""
    outdated: list[str]
    """What defines the process and is not what it began with."""
    healthy: str | None
    """None if the health URL answers as it should, else what it says instead; "" where nobody asked."""
    retired: list[Path] = field(default_factory=list)
    """What is left of releases that were rebuilt while they ran."""


def links_for(release: str | None) -> dict[str, str | None]:
    """The links that make a release the current one; None: there is no release."""
    if release is None:
        return {"current": None, ".env": "shared/.env", "venv": None}
    return {"current": f"releases/{release}", ".env": "current/.env", "venv": "current/venv"}


def previous_for(seen: Seen, release: str) -> str | None:
    """The text of the link to the release before this one."""
    if seen.accepted and seen.accepted != release:
        return f"releases/{seen.accepted}"
    return seen.links.get("previous")


def restart_reasons(seen: Seen, release: str) -> list[str]:
    """Why the unit must be started afresh; empty if it need not be."""
    if not seen.unit.running:
        return [f"the unit is {seen.unit.active or 'missing'}"]
    if seen.serving != release:
        return [f"the process is of release {seen.serving or 'unknown'}"]
    reasons = list(seen.outdated)
    if seen.unit.stale:
        reasons.append("systemd has not read the unit's files again")
    if not reasons and seen.healthy:
        reasons.append(seen.healthy)
    return reasons


def compare(seen: Seen, release: str) -> Difference:
    """The one difference: it decides `changed` and is the diff, in check mode and outside it."""
    difference = Difference("application")
    wanted = {**links_for(release), "previous": previous_for(seen, release)}
    for link, target in wanted.items():
        difference.compare(link, seen.links.get(link), target)
    reasons = restart_reasons(seen, release)
    difference.compare("unit", "; ".join(reasons) if reasons else "running", "running")
    difference.compare("at boot", "started" if seen.unit.enabled else "not started", "started")
    if seen.interrupted:
        difference.compare("switch", "began and did not end", None)
    for path in seen.retired:
        difference.compare(path.name, "replaced while it ran", None)
    return difference


def newer_files(unit: Unit, more: Iterable[Path], now: float) -> list[str]:
    """A sentence for each file of the unit, and each other that defines its process, that was written after it began.

    A time in the future says nothing of the order (a clock was set back), and must not restart it each time.
    """
    if unit.started is None:
        return []
    found: list[str] = []
    for path in [*unit.files, *more]:
        try:
            written = path.stat().st_mtime
        except FileNotFoundError:
            continue
        if unit.started < written <= now:
            found.append(f"{path} is newer than the process")
    return found


def variable_of(environ: bytes) -> str | None:
    """The release in a process's environment, in the form of /proc/<pid>/environ."""
    prefix = f"{VARIABLE}=".encode()
    for entry in environ.split(b"\0"):
        if entry.startswith(prefix):
            return entry[len(prefix) :].decode("utf-8", "replace")
    return None


def release_of(pid: int) -> str | None:
    """The release that a process was started from; None if it has none, or has ended."""
    try:
        return variable_of(Path("/proc", str(pid), "environ").read_bytes()) if pid else None
    except OSError:
        return None


def without_questions(text: str, path: str) -> str:
    """A journal without the access log of this module's own questions, which would push all else out of sight."""
    return "\n".join(line for line in text.splitlines() if f'"GET {path} HTTP/1.1"' not in line)


def without_secrets(text: str, environment: bytes) -> str:
    """A journal without any value of the service's `.env`: an application that fails often prints what it was given."""
    try:
        values = parse(environment)
    except DotenvError as error:
        return f"(not shown: the release's .env cannot be read, so its values could not be taken out: {error})"
    hidden: set[str] = set(values.values()) | secrets_in(values)
    return Redactor(hidden).text(text)
