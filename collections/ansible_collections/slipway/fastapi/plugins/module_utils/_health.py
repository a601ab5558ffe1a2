"""The gate of a release: its own process answers, and answers as this release."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ansible_collections.slipway.fastapi.plugins.module_utils._systemd import Unit

REQUEST_TIMEOUT = 5.0
"""Seconds for one answer."""
LARGEST_ANSWER = 1 << 16
"""Bytes of an answer that are looked at."""
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 2.0
"""Seconds between two questions, which double: each leaves a line in the service's log."""
ENOUGH_ENDS = 2
"""One crash may be a dependency that was late; after the second, more waiting shows nothing new."""
LISTENING = "0A"
"""The kernel's TCP_LISTEN (include/net/tcp_states.h)."""


@dataclass(frozen=True)
class Answer:
    """What a health URL says."""

    status: int = 0
    """HTTP status, 0 without an answer."""
    release: str | None = None
    """The answer's own `release`, if it is a JSON object that has one."""
    error: str = ""

    def __str__(self) -> str:
        return self.error or f"HTTP {self.status}"


@dataclass(frozen=True)
class Verdict:
    """Whether a unit serves a release, and if not, why."""

    healthy: bool
    reason: str = ""


def ask(url: str, timeout: float = REQUEST_TIMEOUT) -> Answer:
    """Asks once. Redirects are not followed and no proxy is used: the answer must be the service's own."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=timeout)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET", path, headers={"Connection": "close", "User-Agent": "slipway"})
        response = connection.getresponse()
        return Answer(response.status, _release_in(response.read(LARGEST_ANSWER)))
    except (OSError, http.client.HTTPException) as error:
        return Answer(error=str(error) or type(error).__name__)
    finally:
        connection.close()


def _release_in(body: bytes) -> str | None:
    try:
        content = json.loads(body)
    except ValueError:
        return None
    release = content.get("release") if isinstance(content, dict) else None
    return release if isinstance(release, str) else None


def port_of(url: str) -> int:
    """The port of a health URL."""
    return urlsplit(url).port or 80


def listens(pid: int, port: int, proc: Path = Path("/proc")) -> bool:
    """Whether a process, or one that it has started, holds a listening TCP socket on a port.

    A foreign server on the port answers 200 as well, while the new process has yet to find that the address is in use.
    """
    inodes = _listening_inodes(port, proc / str(pid) / "net")
    return bool(inodes) and any(inodes & _sockets_of(one, proc) for one in _family(pid, proc))


def _listening_inodes(port: int, net: Path) -> set[str]:
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


def _family(pid: int, proc: Path) -> list[int]:
    family = [pid]
    for parent in family:
        try:
            children = (proc / str(parent) / "task" / str(parent) / "children").read_text()
        except OSError:
            continue
        family += [int(child) for child in children.split()]
    return family


def _sockets_of(pid: int, proc: Path) -> set[str]:
    found: set[str] = set()
    try:
        for link in (proc / str(pid) / "fd").iterdir():
            target = str(link.readlink())
            if target.startswith("socket:["):
                found.add(target[len("socket:[") : -1])
    except OSError:
        pass  # The process, or one of its files, has gone in the meantime.
    return found


def wait(
    url: str,
    release: str,
    timeout: float,
    show: Callable[[], Unit],
    *,
    ask: Callable[[str], Answer] = ask,
    listens: Callable[[int, int], bool] = listens,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Verdict:
    """Waits until a unit serves a release, or until it is certain that it will not.

    Args:
        url: the health URL.
        release: what the answer must say it is, if it says anything.
        timeout: seconds after which waiting ends.
        show: the unit's state.
        ask, listens, clock, sleep: for tests.
    """
    deadline, pause = clock() + timeout, FIRST_PAUSE
    unit = show()
    # systemd counts since somebody started the unit, which may be months ago.
    counted = unit.restarts
    while True:
        given_up = _given_up(unit, counted)
        if given_up:
            return Verdict(False, given_up)
        answer = ask(url) if unit.running else Answer(error=f"the unit is {unit.active} ({unit.sub})")
        own = answer.status > 0 and listens(unit.pid, port_of(url))
        if own and answer.release not in (None, release):
            return Verdict(
                False, f"{url} answers as release {answer.release}: its `release` must be the variable SLIPWAY_RELEASE"
            )
        if own and answer.status == http.client.OK:
            # The process that answered must be the one that is there afterwards.
            again = show()
            if again.running and again.pid == unit.pid:
                return Verdict(True)
        if clock() >= deadline:
            foreign = "" if own or not answer.status else ", and not from this unit: another process holds the port"
            return Verdict(
                False, f"{url} did not answer 200 within {timeout:.0f} s; the last answer was: {answer}{foreign}"
            )
        sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
        unit = show()


def _given_up(unit: Unit, counted: int) -> str:
    if unit.active == "failed":
        return f"its unit has failed ({unit.result})"
    if unit.active == "inactive":
        why = (
            "a condition of the unit is not met" if unit.result == "condition" else f"the process ended ({unit.result})"
        )
        return f"its unit does not run: {why}"
    # systemd counts a restart when it begins, so the end that it is about to answer is not counted yet.
    ends = unit.restarts - counted + (unit.sub == "auto-restart")
    if ends >= ENOUGH_ENDS:
        how = f" ({unit.result})" if unit.result != "success" else ""
        return f"its process keeps ending{how}: it has ended {ends} times"
    return ""
