"""HTTP/1.1 as far as the load client needs it, with nothing that hides a loss: no pool, no retry, no redirect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
LONGEST_HEAD = 64 * 1024


class LostError(Exception):
    """A request that got no whole answer. `cause` is one of a few words, so that causes can be counted.

    refused: nothing listens. reset: the connection was broken off. closed: it was closed before any byte of the
    answer. cut: it was closed within the answer. timeout: no answer in time. 5xx: the status itself. wrong: an answer
    that is not the one to this request.
    """

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True)
class Target:
    """Where a service listens. `host` is the name under which the figures tell of it."""

    host: str
    address: str
    port: int


@dataclass(frozen=True)
class Head:
    """The part of an answer before its body."""

    status: int
    length: int | None
    chunked: bool
    closing: bool
    """The server says that it closes the connection after this answer: reconnecting then is no retry."""


class Connection:
    """One TCP connection to one target."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, target: Target) -> Connection:
        """Connect. Raises LostError."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return cls(*await asyncio.open_connection(target.address, target.port, limit=LONGEST_HEAD))
        except TimeoutError as error:
            raise LostError("timeout") from error
        except ConnectionRefusedError as error:
            raise LostError("refused") from error
        except OSError as error:
            raise LostError("reset") from error

    async def send(self, request: bytes) -> Head:
        """Send a request and read the head of its answer. Raises LostError."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                self._writer.write(request)
                head = await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            raise LostError("cut" if error.partial else "closed") from error
        except (TimeoutError, OSError, asyncio.LimitOverrunError) as error:
            raise _lost(error) from error
        return parse_head(head)

    async def body(self, head: Head) -> bytes:
        """Read the whole body. Raises LostError when it is shorter than announced."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if head.length is not None:
                    return await self._reader.readexactly(head.length)
                return b"".join([piece async for piece in self.pieces(head)])
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
            raise _lost(error) from error

    async def pieces(self, head: Head) -> AsyncIterator[bytes]:
        """Read a chunked body piece by piece, each within the time of an answer. Raises LostError."""
        if not head.chunked:
            # Without a length and without chunks nobody could tell a whole body from one that was cut.
            raise LostError("wrong")
        while True:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    size = int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16)
                    piece = (await self._reader.readexactly(size + 2))[:-2]
            except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
                raise _lost(error) from error
            except ValueError as error:
                raise LostError("wrong") from error
            if not size:
                return
            yield piece

    def close(self) -> None:
        """Close, without waiting for the other side."""
        self._writer.close()


def parse_head(text: bytes) -> Head:
    """Read status line and headers. Raises LostError when they are none."""
    lines = text.decode("latin-1").split("\r\n")
    version, _, rest = lines[0].partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
        raise LostError("wrong")
    fields = {name.lower(): value.strip().lower() for name, _, value in (line.partition(":") for line in lines[1:])}
    length = fields.get("content-length", "")
    return Head(
        status=int(rest[:3]),
        length=int(length) if length.isdigit() else None,
        chunked=fields.get("transfer-encoding") == "chunked",
        closing=fields.get("connection") == "close" or version == "HTTP/1.0",
    )


def _lost(error: Exception) -> LostError:
    if isinstance(error, TimeoutError):
        return LostError("timeout")
    if isinstance(error, asyncio.IncompleteReadError):
        return LostError("cut")
    return LostError("reset" if isinstance(error, OSError) else "wrong")
