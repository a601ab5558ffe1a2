"""Who holds a socket, as the kernel knows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LISTENING = "0A"
"""The kernel's TCP_LISTEN (include/net/tcp_states.h)."""


@dataclass(frozen=True)
class Holder:
    """A process that listens."""

    pid: int
    name: str


def listening(port: int, net: Path = Path("/proc/net")) -> set[str]:
    """The inodes of the TCP sockets that listen on a port."""
    found: set[str] = set()
    for name in ("tcp", "tcp6"):
        try:
            lines = (net / name).read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in (line.split() for line in lines):
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(fields[9])
    return found


def family(pid: int, proc: Path = Path("/proc")) -> list[int]:
    """A process and all that it has started."""
    found = [pid]
    for parent in found:
        try:
            children = (proc / str(parent) / "task" / str(parent) / "children").read_text()
        except OSError:
            continue
        found += [int(child) for child in children.split()]
    return found


def sockets_of(pid: int, proc: Path = Path("/proc")) -> set[str]:
    """The inodes of a process's sockets."""
    found: set[str] = set()
    try:
        for link in (proc / str(pid) / "fd").iterdir():
            target = str(link.readlink())
            if target.startswith("socket:["):
                found.add(target[len("socket:[") : -1])
    except OSError:
        pass  # The process, or one of its files, has gone in the meantime.
    return found


def holder(port: int, proc: Path = Path("/proc")) -> Holder | None:
    """The process that listens on a TCP port, if one does."""
    inodes = listening(port, proc / "net")
    if not inodes:
        return None
    for folder in proc.iterdir():
        if folder.name.isdigit() and inodes & sockets_of(int(folder.name), proc):
            return Holder(int(folder.name), _name(folder))
    return Holder(0, "a process that cannot be seen")


def _name(folder: Path) -> str:
    try:
        return (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "a process that has ended"
