"""What can be learned about a process that runs: its release, and whether its files have changed since it started."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.module_utils._system.systemd import Unit

VARIABLE = "SLIPWAY_RELEASE"
"""The environment variable that holds the id of the release in each process of the service."""


def newer_files(unit: Unit, more: Iterable[Path], now: float) -> list[str]:
    """A sentence for each file that was written after the unit's process started.

    A time in the future is ignored: after a clock was set back, it would restart the service in every run.

    Args:
        unit: the unit. Its own files are compared.
        more: further files that define the process.
        now: seconds since the epoch.
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
