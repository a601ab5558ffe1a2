"""Where releases live on a host, and what there is to do until one of them is as it should be."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._release import manifest
from ansible_collections.slipway.fastapi.plugins.module_utils._system import files, untrusted_json

RELEASE = re.compile(r"[0-9a-f]{12}-[0-9a-f]{8}")
SLOTS = ("blue", "green")
"""The two links, and units, of a service with the strategy blue_green."""
NO_ENVIRONMENT = "0" * 8
ENV_MODE = 0o640
"""Of a `.env`: root's, for the group of the service's account to read."""


def release_id(sha256: str, env_revision: str) -> str:
    """A release's name: the same artifact with the same environment is the same release."""
    return f"{sha256[:12]}-{env_revision[:8] or NO_ENVIRONMENT}"


@dataclass(frozen=True)
class Layout:
    """The paths below an application's directory."""

    top: Path

    @property
    def releases(self) -> Path:
        return self.top / "releases"

    @property
    def lock(self) -> Path:
        return self.top / ".release.lock"

    @property
    def switching(self) -> Path:
        """The note of a switch that is under way."""
        return self.top / ".switching.json"

    @property
    def history(self) -> Path:
        """A line of JSON for each release that came to serve."""
        return self.top / "history.jsonl"

    def release(self, name: str) -> Path:
        return self.releases / name

    def partial(self, name: str) -> Path:
        """A release that is being built."""
        return self.releases / f".{name}.partial"

    def damaged(self, name: str) -> Path:
        """What was in the place of a release that has been rebuilt."""
        return self.releases / f".{name}.damaged"

    def linked(self, link: str) -> str | None:
        """The release that `current` or `previous` points to, or None."""
        target = files.read_link(self.top / link)
        name = (target or "").rpartition("/")[2]
        return name if RELEASE.fullmatch(name) and self.release(name).is_dir() else None

    def present(self) -> list[str]:
        """The names of the releases on this host, the newest first."""
        if not self.releases.is_dir():
            return []
        found = [path for path in self.releases.iterdir() if RELEASE.fullmatch(path.name)]
        return [path.name for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)]

    def leftovers(self, suffix: str) -> list[Path]:
        """Directories that an ended run has left: `partial` or `damaged` ones."""
        return sorted(self.releases.glob(f".*.{suffix}")) if self.releases.is_dir() else []

    def interrupted(self) -> dict[str, str]:
        """The note of a switch that never ended: the release it came `from` (or ""), that it went `to`, its `phase`."""
        try:
            note = untrusted_json.loads(self.switching.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {key: str(note.get(key) or "") for key in ("from", "to", "phase")} if isinstance(note, dict) else {}

    def in_use(self) -> list[str]:
        """Releases that stay: those that run, the one to go back to, and both ends of an unfinished switch."""
        note = self.interrupted()
        links = ("current", "previous", *SLOTS)
        return [name for name in (*map(self.linked, links), note.get("from"), note.get("to")) if name]


def surplus(present: Iterable[str], in_use: Iterable[str], keep: int) -> list[str]:
    """The releases beyond the `keep` newest, without those that are in use.

    Args:
        present: all of them, the newest first.
        in_use: those that stay whatever their age.
        keep: how many may stay.
    """
    protected = set(in_use)
    return [name for name in list(present)[keep:] if name not in protected]


@dataclass
class Plan:
    """What separates this host from having the release."""

    release: str
    build: bool = False
    damage: list[str] = field(default_factory=list)
    leftovers: list[Path] = field(default_factory=list)
    prune: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    """Links to set, where the release becomes the current one without a switch."""
    linked: dict[str, str | None] = field(default_factory=dict)
    """What they are."""

    def difference(self) -> Difference:
        """The same as Ansible's diff, and as the one thing that decides `changed`."""
        difference = Difference("releases")
        intact = "as its manifest says"
        if self.build:
            difference.compare(self.release, "; ".join(self.damage) or None, intact)
        for path in self.leftovers:
            difference.compare(path.name, "left by a run that did not end", None)
        for name in self.prune:
            difference.compare(name, "older than those to keep", None)
        for link, target in self.links.items():
            difference.compare(link, self.linked[link], target)
        return difference


def make_plan(layout: Layout, release: str, env_file: Path | None, keep: int, becomes_current: bool = False) -> Plan:
    """Looks at the host, changes nothing, and says what there is to do."""
    present = layout.present()
    plan = Plan(release, leftovers=layout.leftovers("partial"))
    if release in present:
        plan.damage = manifest.damage(layout.release(release)) + _environment_damage(layout.release(release), env_file)
        plan.build = bool(plan.damage)
        ordered = present
    else:
        plan.build = True
        ordered = [release, *present]
    plan.prune = surplus(ordered, [*layout.in_use(), release], keep)
    before = layout.linked("current")
    if becomes_current and before != release:
        plan.links = {"current": f"releases/{release}", **({"previous": f"releases/{before}"} if before else {})}
        plan.linked = {link: files.read_link(layout.top / link) for link in plan.links}
    return plan


def _environment_damage(release: Path, env_file: Path | None) -> list[str]:
    path = release / ".env"
    try:
        status = path.lstat()
        same = env_file is None or not env_file.is_file() or path.read_bytes() == env_file.read_bytes()
    except FileNotFoundError:
        return [".env is missing"]
    found = [] if same else [f".env differs from {env_file}"]
    if (stat.S_IMODE(status.st_mode), status.st_uid) != (ENV_MODE, os.geteuid()):
        found.append(".env has another mode or owner")
    return found


def read_environment(path: Path) -> bytes:
    """The content of the file that becomes a release's `.env`.

    Raises:
        OSError: it cannot be read, or somebody else could have written it.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as stream:
        for which, status in ((path, os.fstat(handle)), (path.parent, path.parent.stat())):
            if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise PermissionError(
                    f"another account can change {which}, and with it what the service runs: run the role release, "
                    "which writes the file, or `chown root` and `chmod go-w` both it and its directory"
                )
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise FileNotFoundError(f"{path} is not a regular file: run the role release, which writes it")
        return stream.read()
