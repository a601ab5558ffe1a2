"""The listening TCP ports of this machine and their processes, read from /proc."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sandbox.machine.processes import command_line

_LISTENING = "0A"
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


@dataclass(frozen=True)
class Listener:
    """A listening socket. *inode* identifies the process that has it."""

    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    port: int
    inode: int


@dataclass(frozen=True)
class Need:
    """A port that the sandbox will use, on *address*, or without one on addresses that do not exist yet."""

    port: int
    purpose: str
    address: str | None = None


def listeners() -> list[Listener]:
    """All listening TCP sockets of the machine."""
    return [item for table in _TABLES if table.exists() for item in parse(table.read_text())]


def parse(table: str) -> list[Listener]:
    """The listening sockets in the text of ``/proc/net/tcp`` or ``tcp6``."""
    found = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if fields[3] != _LISTENING:
            continue
        raw, _, port = fields[1].partition(":")
        # Words of 32 bits, each in the machine's byte order.
        packed = b"".join(struct.pack("=I", int(raw[i : i + 8], 16)) for i in range(0, len(raw), 8))
        found.append(Listener(ipaddress.ip_address(packed), int(port, 16), int(fields[9])))
    return found


def taken(needs: Iterable[Need], there: Iterable[Listener]) -> list[str]:
    """One sentence, with the fix, for each port that a listening socket uses."""
    sentences = []
    sockets = list(there)
    for need in needs:
        for socket in sockets:
            if socket.port == need.port and _blocks(socket, need):
                sentences.append(f"port {need.port}, which {need.purpose} needs, is taken by {_owner(socket.inode)}")
                break
    return sentences


def holder(address: str, port: int) -> int | None:
    """The process that listens on *address*, if this user can read its data."""
    need = Need(port, "", address)
    found = (_holder(socket.inode) for socket in listeners() if socket.port == port and _blocks(socket, need))
    return next((pid for pid in found if pid), None)


def _blocks(socket: Listener, need: Need) -> bool:
    address = getattr(socket.address, "ipv4_mapped", None) or socket.address
    return address.is_unspecified or (need.address is not None and address == ipaddress.ip_address(need.address))


def _owner(inode: int) -> str:
    pid = _holder(inode)
    if pid is None:
        return "a process of another user: find it with `sudo ss -ltnp` and stop it"
    return f"process {pid} ({command_line(pid)[:80]}): stop it with `kill {pid}`"


def _holder(inode: int) -> int | None:
    wanted = f"socket:[{inode}]"
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if any(str(link.readlink()) == wanted for link in (entry / "fd").iterdir()):
                return int(entry.name)
        except OSError:
            # The process has ended, or belongs to another user.
            continue
    return None
