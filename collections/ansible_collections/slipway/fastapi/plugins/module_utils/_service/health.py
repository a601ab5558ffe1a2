"""The gate of a release: its own process answers, and answers as this release."""

from __future__ import annotations

import http.client
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from ansible_collections.slipway.fastapi.plugins.module_utils._system import sockets, untrusted_json
from ansible_collections.slipway.fastapi.plugins.module_utils._system.systemd import Unit

REQUEST_TIMEOUT = 5.0
"""Seconds for one answer."""
LARGEST_ANSWER = 1 << 16
"""Bytes of an answer that are looked at."""
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 2.0
"""Seconds between two questions, which double: each leaves a line in the service's log."""
GOOD_ANSWERS, GOOD_PAUSE = 3, 0.1
"""How many good answers in a row are health, and seconds between two of them: one alone may be luck."""
ENOUGH_ENDS = 2
"""One crash may be a dependency that was late; after the second, more waiting shows nothing new."""


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


class Service(Protocol):
    """What is asked. As text it is named in messages."""

    def ask(self) -> Answer:
        """Asks for its health once."""

    def belongs_to(self, pid: int) -> bool:
        """Whether a process, or one that it has started, is the one that answers."""

    def complaint(self, seconds: float) -> str:
        """What else keeps a healthy service from serving; empty for nothing."""


@dataclass(frozen=True)
class PortService:
    """A service on a TCP port of this host."""

    url: str

    def __str__(self) -> str:
        return self.url

    def ask(self) -> Answer:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", self.port, timeout=REQUEST_TIMEOUT)
        return _ask(connection, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 80

    def belongs_to(self, pid: int) -> bool:
        """A foreign server on the port answers 200 as well, while the new process has yet to find that it is in use."""
        inodes = sockets.listening(self.port, Path("/proc", str(pid), "net"))
        return bool(inodes) and any(inodes & sockets.sockets_of(one) for one in sockets.family(pid))

    def complaint(self, seconds: float) -> str:  # noqa: ARG002 - it is asked for no more than its health
        return ""


@dataclass(frozen=True)
class SocketService:
    """A service on a Unix socket."""

    path: Path
    health_path: str
    stream_path: str = ""
    """Where a first event must come too; empty for nowhere."""

    def __str__(self) -> str:
        return f"{self.health_path} at {self.path}"

    def ask(self) -> Answer:
        return _ask(_SocketConnection(self.path, REQUEST_TIMEOUT), self.health_path)

    def belongs_to(self, pid: int) -> bool:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.connect(str(self.path))
                listener = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        except OSError:
            return False
        return listener in sockets.family(pid)

    def complaint(self, seconds: float) -> str:
        if not self.stream_path:
            return ""
        patience = max(seconds, REQUEST_TIMEOUT)
        end = time.monotonic() + patience
        connection = _SocketConnection(self.path, patience)
        try:
            connection.request(
                "GET", self.stream_path, headers={"Accept": "text/event-stream", "User-Agent": "slipway"}
            )
            response = connection.getresponse()
            if response.status != http.client.OK:
                return f"its stream {self.stream_path} answers HTTP {response.status}"
            while line := response.readline(LARGEST_ANSWER):
                if line.startswith((b"data:", b"event:", b"id:")):
                    return ""
                # Comments keep a stream alive for ever, and are no events.
                if time.monotonic() >= end:
                    return f"its stream {self.stream_path} sent no event within {patience:.0f} s"
            return f"its stream {self.stream_path} ended without an event"
        except (OSError, http.client.HTTPException) as error:
            return f"its stream {self.stream_path} sent no event: {error or type(error).__name__}"
        finally:
            connection.close()


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _ask(connection: http.client.HTTPConnection, path: str) -> Answer:
    """Asks once. Redirects are not followed and no proxy is used: the answer must be the service's own."""
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
        content = untrusted_json.loads(body)
    except ValueError:
        return None
    release = content.get("release") if isinstance(content, dict) else None
    return release if isinstance(release, str) else None


def wait(
    service: Service,
    release: str,
    timeout: float,
    show: Callable[[], Unit],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Verdict:
    """Waits until a unit serves a release, or until it is certain that it will not.

    Args:
        service: what is asked.
        release: what the answer must say it is, if it says anything.
        timeout: seconds after which waiting ends.
        show: the unit's state.
        clock, sleep: for tests.
    """
    deadline, pause = clock() + timeout, FIRST_PAUSE
    unit = show()
    # systemd counts since somebody started the unit, which may be months ago.
    counted = unit.restarts
    good = 0
    while True:
        given_up = _given_up(unit, counted)
        if given_up:
            return Verdict(False, given_up)
        answer = service.ask() if unit.running else Answer(error=f"the unit is {unit.active} ({unit.sub})")
        own = answer.status > 0 and service.belongs_to(unit.pid)
        if own and answer.release not in (None, release):
            return Verdict(
                False,
                f"{service} answers as release {answer.release}: its `release` must be the variable SLIPWAY_RELEASE",
            )
        if own and answer.status == http.client.OK:
            # The process that answered must be the one that is there afterwards.
            again = show()
            good = good + 1 if again.running and again.pid == unit.pid else 0
            if good >= GOOD_ANSWERS:
                complaint = service.complaint(deadline - clock())
                return Verdict(not complaint, complaint)
            if good:
                sleep(GOOD_PAUSE)
                unit = again
                continue
        good = 0
        if clock() >= deadline:
            foreign = "" if own or not answer.status else ", and not from this unit: another process answers there"
            return Verdict(
                False, f"{service} did not answer 200 within {timeout:.0f} s; the last answer was: {answer}{foreign}"
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
