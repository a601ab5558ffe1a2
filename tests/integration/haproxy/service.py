"""The service behind HAProxy, `service.py SLOT SOCKET`: it reports requests, streams events, counts bytes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import sys
import time
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

SLOT, PATH = sys.argv[1:]
left: list[str] = []
"""The streams whose clients went away."""


class Request:
    """One request and its connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str) -> None:
        self.reader, self.writer = reader, writer
        lines = head.split("\r\n")
        self.method, target, self.version = lines[0].split(" ")
        self.path, self.options = urlsplit(target).path, dict(parse_qsl(urlsplit(target).query))
        self.headers: dict[str, list[str]] = {}
        for line in filter(None, lines[1:]):
            name, _, value = line.partition(":")
            self.headers.setdefault(name.lower(), []).append(value.strip())

    async def say(self, text: str) -> None:
        self.writer.write(text.encode())
        await self.writer.drain()

    async def answer(self, content: object) -> None:
        body = json.dumps(content)
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        await self.say(head + ("" if self.method == "HEAD" else body))

    async def stream(self) -> None:
        await self.say("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        gone = asyncio.ensure_future(self.reader.read())
        for number in range(int(self.options["events"])):
            event = f"data: {number} {time.time()}\n\n"
            await self.say(f"{len(event):x}\r\n{event}\r\n")
            done, _ = await asyncio.wait({gone}, timeout=float(self.options["pause"]))
            if done:
                left.append(self.options["name"])
                return
        await self.say("0\r\n\r\n")

    async def count(self) -> None:
        if "expect" in self.headers:
            await self.say("HTTP/1.1 100 Continue\r\n\r\n")
        found, first, wanted = 0, 0.0, int(self.headers["content-length"][0])
        while found < wanted and (content := await self.reader.read(1 << 16)):
            first = first or time.time()
            found += len(content)
        await self.answer({"bytes": found, "first": first, "last": time.time()})

    async def echo(self) -> None:
        key = f"{self.headers['sec-websocket-key'][0]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        await self.say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        await self.say(f"Sec-WebSocket-Accept: {accept}\r\n\r\n")
        while content := await self.reader.read(1000):
            await self.say(content.decode())


async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the request of a connection."""
    try:
        request = Request(reader, writer, (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
        if request.path == "/events":
            await request.stream()
        elif request.path == "/upload":
            await request.count()
        elif request.path == "/socket":
            await request.echo()
        elif request.path == "/late":
            await asyncio.sleep(2.8)
            await request.answer("late")
        elif request.path == "/left":
            await request.answer(left)
        else:
            seen = {"slot": SLOT, "method": request.method, "version": request.version, "headers": request.headers}
            await request.answer(seen)
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main() -> None:
    """Serve until the process is stopped."""
    server = await asyncio.start_unix_server(handle, PATH)
    Path(PATH).chmod(0o666)
    await server.serve_forever()


asyncio.run(main())
