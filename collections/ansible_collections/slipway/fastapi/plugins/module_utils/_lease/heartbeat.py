"""A small process that does something again and again for as long as another one lives.

A module ends long before the play that it belongs to. What must go on until the play ends, be it by a kill, is done by
a process of its own, which looks at the play's process and ends with it. The process is told from a later one with the
same number by the time at which it began. Linux only: it reads /proc.
"""

from __future__ import annotations

import ctypes
import os
import resource
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

WATCH_SECONDS = 0.5
"""How long a process outlives the one that it watches, at most."""
RETRY_SECONDS = 1.0
"""How soon a beat that failed is tried again."""
PROGRAM = "ansible"
_SET_NAME = 15
"""PR_SET_NAME of prctl(2)."""
_ENDED = frozenset("ZXx")
_STOPPED = frozenset("Tt")


@dataclass(frozen=True)
class Process:
    """A process, and not another one that has its number later."""

    pid: int
    started: int
    """In clock ticks since the machine started; field 22 of /proc/<pid>/stat, proc(5)."""

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The process that has this number now, or None."""
        found = _status(pid)
        return cls(pid, found[2]) if found and found[0] not in _ENDED else None

    def state(self) -> str:
        """`running`, `stopped` (by a signal or a debugger) or `ended`."""
        found = _status(self.pid)
        if found is None or found[2] != self.started or found[0] in _ENDED:
            return "ended"
        return "stopped" if found[0] in _STOPPED else "running"


def _status(pid: int) -> tuple[str, int, int] | None:
    """State, parent and beginning of a process."""
    try:
        text = Path("/proc", str(pid), "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name, in brackets, may hold anything, brackets too.
    rest = text.rpartition(")")[2].split()
    return rest[0], int(rest[1]), int(rest[19])


def _command(pid: int) -> list[str]:
    try:
        return Path("/proc", str(pid), "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return []


def play(pid: int) -> Process | None:
    """The main process of the play that a process belongs to, or None where it belongs to none.

    Ansible runs each task in a fork of itself, which has the same command line: the outermost of these is the one.
    """
    while pid > 1:
        command = _command(pid)
        if any(Path(word).name.startswith(PROGRAM) for word in command[:3]):
            break
        found = _status(pid)
        pid = found[1] if found else 0
    else:
        return None
    while (found := _status(pid)) and _command(found[1]) == command:
        pid = found[1]
    return Process.of(pid)


def start(
    beat: Callable[[], bool], end: Callable[[], None], process: Process, *, every: float, patience: float, name: str
) -> int:
    """Start a process that calls `beat` as long as `process` lives, and return its number.

    It is in a session of its own and holds no file of this one. It ends when `beat` returns False, as soon as `process`
    has ended, and when that was stopped for as long as `patience`. While it is stopped there is no beat.

    Args:
        beat: does the work; what it raises means that it is tried again soon.
        end: tidies up, once `process` has ended, for as long as `every` at most; what it raises is of no interest to
            anybody any more.
        process: whose life counts.
        every: seconds between two beats.
        patience: seconds.
        name: what it is called, 15 letters at most.

    Raises OSError.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        # Nothing of this process's own may run in the child, whatever happens: it would end the module twice.
        try:
            os.setsid()
            if os.fork() == 0:
                os.write(writing, str(os.getpid()).encode())
                _become(name)
                _live(beat, end, process, every, patience)
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as answer:
        number = answer.read()
    if not number:
        raise OSError("no process could be started beside this one")
    return int(number)


def _become(name: str) -> None:
    ctypes.CDLL(None).prctl(_SET_NAME, name.encode(), 0, 0, 0)
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _live(beat: Callable[[], bool], end: Callable[[], None], process: Process, every: float, patience: float) -> None:
    """Watch the process, and have a thread beat: a beat that hangs does not keep this process alive."""
    running = threading.Event()
    running.set()
    beating = threading.Thread(target=_beat, args=(beat, every, running), daemon=True)
    beating.start()
    stopped = 0.0
    while beating.is_alive():
        state = process.state()
        if state == "ended":
            ending = threading.Thread(target=_quietly, args=(end,), daemon=True)
            ending.start()
            ending.join(every)
            return
        if state == "stopped" and stopped > patience:
            return
        if state == "stopped":
            running.clear()
            stopped += WATCH_SECONDS
        else:
            running.set()
            stopped = 0.0
        beating.join(WATCH_SECONDS)


def _quietly(end: Callable[[], None]) -> None:
    with suppress(Exception):
        end()


def _beat(beat: Callable[[], bool], every: float, running: threading.Event) -> None:
    pause = every
    while True:
        time.sleep(pause)
        running.wait()
        try:
            if not beat():
                return
            pause = every
        except Exception:  # noqa: BLE001  whatever it is, the next attempt may succeed
            pause = min(RETRY_SECONDS, every)
