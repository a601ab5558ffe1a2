"""Records processes so that they can be found later, and no other process with the same number is taken for them."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Process:
    """A process of this boot. *started* is its start in clock ticks since then, as ``/proc/PID/stat`` gives it."""

    pid: int
    started: int
    boot: str

    @classmethod
    def of(cls, pid: int) -> Process:
        """The current process with the number. Raises ProcessLookupError if there is none."""
        started = _started(pid)
        if started is None:
            raise ProcessLookupError(pid)
        return cls(pid, started, _BOOT.read_text().strip())

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.boot == _BOOT.read_text().strip() and _started(self.pid) == self.started

    def end(self, timeout: float) -> None:
        """End it, and then its child processes, such as a build. Kill what runs after *timeout* seconds."""
        # The group can be ended if the process leads it, as a process with its own session does.
        group = self.pid if self.alive() and os.getpgid(self.pid) == self.pid else None
        if self.alive():
            _signal_until_gone(lambda number: os.kill(self.pid, number), self.alive, timeout)
        if group:
            _signal_until_gone(lambda number: os.killpg(group, number), lambda: _group_exists(group), timeout)


def record(path: Path, process: Process) -> None:
    """Write *process* to *path*."""
    path.write_text(json.dumps(asdict(process)) + "\n")


def recorded(path: Path) -> Process | None:
    """The process in the file *path*, which may have ended. None if there is no such file."""
    try:
        content = json.loads(path.read_text())
        return Process(int(content["pid"]), int(content["started"]), str(content["boot"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def command_line(pid: int) -> str:
    """The command line of a process, or empty if the process has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def _signal_until_gone(send: Callable[[int], None], exists: Callable[[], bool], timeout: float) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            send(number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + timeout
        while exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        if not exists():
            return


def _group_exists(group: int) -> bool:
    """Whether any process of the group runs. Zombies do not count."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, its_group, *_ = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(its_group) == group and state != "Z":
                return True
    return False


def _started(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The command's name, in parentheses, can contain anything. Plain fields follow it.
    state, *fields = stat.rpartition(")")[2].split()
    # A zombie has ended. It waits for its parent to read its status.
    return None if state == "Z" else int(fields[18])
