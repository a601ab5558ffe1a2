"""A server that does to each connection what a test tells it to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from benchmarks.loss.wire import Target

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(*scripts: Script) -> AsyncIterator[Target]:
    """Serve on loopback: the nth connection gets the nth script, and the last script all that come after."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        script = scripts[min(connections, len(scripts) - 1)]
        connections += 1
        try:
            await script(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # The client has gone.
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield Target("host", "127.0.0.1", server.sockets[0].getsockname()[1])


async def request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    """Read one request: its head and its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    lengths = [line.split(":")[1] for line in head.splitlines() if line.lower().startswith("content-length")]
    return head, await reader.readexactly(int(lengths[0])) if lengths else b""


def answer(body: bytes, more: str = "", status: str = "200 OK") -> bytes:
    """Return an answer with a length."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


def sending(*answers: bytes) -> Script:
    """A connection that gives these answers, one for each request, and is closed then."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for text in answers:
            await request(reader)
            writer.write(text)

    return script


async def service(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A connection on which all goes well, for as long as the client wants."""
    while True:
        await one(reader, writer)


async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request as the sample service does."""
    _, body = await request(reader)
    writer.write(answer(json.dumps({"release": "a", **(json.loads(body) if body else {})}).encode()))


def stream(*events: tuple[str, int, str], whole: bool = True) -> bytes:
    """Return an answer with events (type, number, reason), each in a chunk; it has no end where it is not whole."""
    text = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    for kind, number, reason in events:
        data = json.dumps({"number": number, "reason": reason, "release": "a"})
        event = f"id: {number}\nevent: {kind}\ndata: {data}\n\n".encode()
        text += f"{len(event):x}\r\n".encode() + event + b"\r\n"
    return text + (b"0\r\n\r\n" if whole else b"")
