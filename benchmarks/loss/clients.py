"""The clients. None of them ever retries: what got no whole answer is lost.

This is stricter than HTTP asks for. A client may send a request again when an idle connection turns out to be closed,
and browsers do; here that is a loss, unless the answer before it said `Connection: close`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.loss.record import OK, Record, StreamSeen
from benchmarks.loss.wire import Connection, Head, LostError, Target

LONGEST_LAG_SECONDS = 5.0
Send = Callable[[int], Awaitable[str]]
"""Sends a client's nth request and returns the release that has answered. Raises LostError."""


@dataclass
class Run:
    """What all clients of one load share."""

    record: Record
    begun: float
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> float:
        """Return seconds since the load began."""
        return asyncio.get_running_loop().time() - self.begun


@dataclass(frozen=True)
class Pace:
    """One request every `every` seconds, the first after `offset`."""

    every: float
    offset: float


async def requests(run: Run, kind: str, target: Target, pace: Pace, send: Send) -> None:
    """Send requests at a pace until the load stops, and record each.

    A request that is late because the one before it was slow counts from when it was due. A client that has fallen far
    behind, which also happens when its own machine is too busy, gives up what it was to send meanwhile.
    """
    due = run.now() + pace.offset
    number = 0
    while not run.stopping.is_set():
        wait = due - run.now()
        if wait > 0:
            await asyncio.sleep(wait)
            if run.stopping.is_set():
                return
        release, cause = "", OK
        try:
            release = await send(number)
        except LostError as error:
            cause = error.cause
        run.record.requests.add(kind, target.host, release, cause, due=due, ended=run.now())
        due = max(due + pace.every, run.now() - LONGEST_LAG_SECONDS)
        number += 1


class NewConnections:
    """Each request on a connection of its own."""

    def __init__(self, target: Target, post: bool) -> None:
        self._target = target
        self._post = post

    async def send(self, number: int) -> str:
        """Connect, ask, close."""
        connection = await Connection.open(self._target)
        try:
            return (await _exchange(connection, self._target, self._post, number, keep=False))[0]
        finally:
            connection.close()


class KeptConnection:
    """All requests on one connection, as long as it lasts."""

    def __init__(self, target: Target, post: bool) -> None:
        self._target = target
        self._post = post
        self._connection: Connection | None = None

    async def send(self, number: int) -> str:
        """Ask on the connection that there is; connect only after a loss or a `Connection: close`."""
        if self._connection is None:
            self._connection = await Connection.open(self._target)
        closing = True
        try:
            release, closing = await _exchange(self._connection, self._target, self._post, number, keep=True)
        finally:
            if closing:
                self._connection.close()
                self._connection = None
        return release


async def _exchange(connection: Connection, target: Target, post: bool, number: int, keep: bool) -> tuple[str, bool]:
    """Send one request and check its answer; return the release, and whether the server closes."""
    text = f"request {number}, {'x' * (number % 200)}"
    content = json.dumps({"text": text}).encode() if post else b""
    head = await connection.send(_request(target, "POST /echo" if post else "GET /health", keep, content))
    body = await connection.body(head)
    if head.status >= 500:
        raise LostError(str(head.status))
    answer = _answer(body)
    if head.status != 200 or not isinstance(answer.get("release"), str) or (post and answer.get("text") != text):
        raise LostError("wrong")
    return answer["release"], head.closing


async def streams(run: Run, target: Target, count: int, interval: float, offset: float) -> None:
    """Read one stream of events after the other until the load stops.

    One that is lost early is not followed by the next before its own time is over.
    """
    await asyncio.sleep(offset)
    while not run.stopping.is_set():
        began = run.now()
        stream = _Stream(target, count, interval)
        cause = "open"
        try:
            cause = await stream.read()
        finally:
            # Also when the load's end cancels a stream that has gone well so far.
            run.record.streams.append(
                StreamSeen(
                    host=target.host,
                    began=round(began, 4),
                    seconds=round(run.now() - began, 4),
                    expected=count,
                    received=stream.received,
                    connections=stream.connections,
                    releases=stream.releases,
                    cause=cause,
                )
            )
        if cause:
            await asyncio.sleep(max(0.0, began + count * interval - run.now()))


class _Stream:
    """One stream, taken up again only where the service itself has ended it."""

    def __init__(self, target: Target, count: int, interval: float) -> None:
        self._target = target
        self._count = count
        self._path = f"/events?count={count}&interval={interval}"
        self.received = 0
        self.connections = 0
        self.releases: list[str] = []

    async def read(self) -> str:
        """Read to the end; return the cause of a loss, or nothing."""
        try:
            while (await self._one_connection()) == "restart":
                pass
        except LostError as error:
            return error.cause
        return OK if self.received == self._count else "gap"

    async def _one_connection(self) -> str:
        connection = await Connection.open(self._target)
        self.connections += 1
        try:
            last = f"Last-Event-ID: {self.received}\r\n" if self.received else ""
            head = await connection.send(_request(self._target, f"GET {self._path}", keep=False, more=last))
            if head.status != 200:
                raise LostError(str(head.status) if head.status >= 500 else "wrong")
            return await self._events(connection, head)
        finally:
            connection.close()

    async def _events(self, connection: Connection, head: Head) -> str:
        text, reason = b"", ""
        async for piece in connection.pieces(head):
            *events, text = (text + piece).split(b"\n\n")
            for event in events:
                reason = self._event(event)
        if not reason:
            raise LostError("cut")
        return reason

    def _event(self, event: bytes) -> str:
        fields = dict(line.split(b": ", 1) for line in event.split(b"\n") if b": " in line)
        data = _answer(fields.get(b"data", b""))
        release = str(data.get("release"))
        if release not in self.releases:
            self.releases.append(release)
        if fields.get(b"event") == b"end":
            return str(data.get("reason"))
        if data.get("number") != self.received + 1:
            raise LostError("gap")
        self.received += 1
        return ""


def _request(target: Target, line: str, keep: bool, content: bytes = b"", more: str = "") -> bytes:
    connection = "keep-alive" if keep else "close"
    length = f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n" if content else ""
    host = f"Host: {target.address}:{target.port}\r\nConnection: {connection}\r\n"
    return f"{line} HTTP/1.1\r\n{host}{length}{more}\r\n".encode() + content


def _answer(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError as error:
        raise LostError("wrong") from error
    if not isinstance(found, dict):
        raise LostError("wrong")
    return found
