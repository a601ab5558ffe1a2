"""Send HAProxy on this host all kinds of requests, and print the results as JSON: `client.py PORT`."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

PORT = int(sys.argv[1])
TRUSTED = "127.0.0.2"
CROWD = "127.0.0.3"
CANARY = "token-that-no-log-may-have"
CLOSE = "Host: test\r\nConnection: close\r\n"


def connect(source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", PORT), timeout=20, source_address=(source, 0))


def rest(connection: socket.socket) -> bytes:
    found = b""
    with suppress(ConnectionResetError):
        while content := connection.recv(1 << 16):
            found += content
    return found


def ask(request: str, source: str = "127.0.0.1") -> bytes:
    with connect(source) as connection:
        connection.sendall(request.encode())
        return rest(connection)


def body(answer: bytes) -> Any:
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def status(answer: bytes) -> int:
    return int(answer[9:12] or 0)


def forwarded(headers: str = "", source: str = "127.0.0.1") -> list[list[str]]:
    seen = body(ask(f"GET / HTTP/1.1\r\n{CLOSE}{headers}\r\n", source))["headers"]
    return [seen["x-forwarded-for"], seen["x-forwarded-proto"]]


def addresses() -> dict[str, Any]:
    claim = "X-Forwarded-For: 192.0.2.9\r\nX-Forwarded-Proto: https\r\n"
    return {
        "stranger": forwarded(claim),
        "trusted": forwarded("X-Forwarded-For: 192.0.2.9, 198.51.100.4\r\nX-Forwarded-Proto: https\r\n", TRUSTED),
        "trusted, two headers": forwarded("X-Forwarded-For: 192.0.2.9\r\n" + claim.replace("2.9", "2.4"), TRUSTED),
        "trusted, nothing": forwarded("", TRUSTED),
        "trusted, no address": forwarded("X-Forwarded-For: unknown\r\n", TRUSTED),
    }


def stream() -> dict[str, Any]:
    """The delay of each event, on a connection that is used again afterwards."""
    with connect() as connection:
        connection.sendall(b"GET /events?events=4&pause=0.3&name=a HTTP/1.1\r\nHost: test\r\n\r\n")
        late, found = [], b""
        while not found.endswith(b"\r\n0\r\n\r\n"):
            content = connection.recv(1 << 16)
            found += content
            for line in content.split(b"\n"):
                if line.startswith(b"data: "):
                    late.append(time.time() - float(line.split()[2]))
        connection.sendall(f"GET / HTTP/1.1\r\n{CLOSE}\r\n".encode())
        return {"late": late, "afterwards": status(rest(connection))}


def endurance(events: int, pause: float) -> dict[str, Any]:
    began = time.monotonic()
    found = ask(f"GET /events?events={events}&pause={pause}&name=b HTTP/1.1\r\n{CLOSE}\r\n")
    return {
        "events": found.count(b"data: "),
        "whole": found.endswith(b"\r\n0\r\n\r\n"),
        "seconds": time.monotonic() - began,
    }


def leaver() -> bool:
    """Whether the service notices within 5 seconds that a client closed a stream on which nothing is sent."""
    with connect() as connection:
        connection.sendall(f"GET /events?events=2&pause=9&name=leaver HTTP/1.1\r\n{CLOSE}\r\n".encode())
        found = b""
        while b"data: " not in found:
            found += connection.recv(1000)
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if "leaver" in body(ask(f"GET /left HTTP/1.1\r\n{CLOSE}\r\n")):
            return True
        time.sleep(0.2)
    return False


def upload() -> dict[str, Any]:
    with connect() as connection:
        connection.sendall(f"POST /upload HTTP/1.1\r\n{CLOSE}Content-Length: 300000\r\n\r\n".encode())
        for _ in range(3):
            connection.sendall(b"x" * 100_000)
            time.sleep(0.3)
        found = body(rest(connection))
        return {"bytes": found["bytes"], "seconds": found["last"] - found["first"]}


def large_upload() -> int:
    with connect() as connection:
        connection.sendall(f"POST /upload HTTP/1.1\r\n{CLOSE}Content-Length: 100000000\r\n\r\n".encode())
        for _ in range(100):
            connection.sendall(b"x" * 1_000_000)
        return int(body(rest(connection))["bytes"])


def expectation() -> list[int]:
    with connect() as connection:
        head = f"POST /upload HTTP/1.1\r\n{CLOSE}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(head.encode())
        first = status(connection.recv(1000))
        connection.sendall(b"abc")
        return [first, int(body(rest(connection))["bytes"])]


def websocket() -> list[Any]:
    with connect() as connection:
        upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        connection.sendall(f"GET /socket HTTP/1.1\r\nHost: test\r\n{upgrade}{key}\r\n".encode())
        head = connection.recv(1000)
        connection.sendall(b"ping")
        return [status(head), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head, connection.recv(100).decode()]


def old_forms() -> dict[str, Any]:
    with connect() as connection:
        connection.sendall(f"HEAD / HTTP/1.1\r\nHost: test\r\n\r\nGET / HTTP/1.1\r\n{CLOSE}\r\n".encode())
        both = rest(connection)
    return {
        "1.0": body(ask("GET / HTTP/1.0\r\n\r\n"))["version"],
        "HEAD, then GET": both.count(b"HTTP/1.1 200 OK"),
        "head of 14 KiB": status(ask(f"GET / HTTP/1.1\r\n{CLOSE}Cookie: {'c' * 14_000}\r\n\r\n")),
        "head of 64 KiB": status(ask(f"GET / HTTP/1.1\r\n{CLOSE}Cookie: {'c' * 65_000}\r\n\r\n")),
    }


def slow_head() -> int:
    with connect() as connection:
        connection.sendall(b"GET / HTT")
        return status(rest(connection))


def absent_bodies() -> dict[str, int]:
    """The answers to requests whose body does not arrive: not at all, not completely, or with unknown length."""
    heads = {
        "none": "Content-Length: 300\r\n\r\n",
        "part": "Content-Length: 300\r\n\r\nabc",
        "unknown length": "Transfer-Encoding: chunked\r\n\r\n",
    }
    return {name: status(ask(f"POST /upload HTTP/1.1\r\n{CLOSE}{head}")) for name, head in heads.items()}


def late_answer() -> int:
    """An answer that takes longer than the client timeout. This is allowed: the client waits for the service."""
    return status(ask(f"POST /late HTTP/1.1\r\n{CLOSE}Content-Length: 3\r\n\r\nabc"))


def crowd() -> dict[str, Any]:
    """A source that has all its allowed connections, and opens more."""
    idle = [connect(CROWD) for _ in range(20)]
    try:
        # The kernel has accepted them. HAProxy's threads take them a moment later.
        time.sleep(0.5)
        found = {
            "above": status(ask(f"GET / HTTP/1.1\r\n{CLOSE}\r\n", CROWD)),
            "health": status(ask(f"GET /health HTTP/1.1\r\n{CLOSE}\r\n", CROWD)),
            "another source": status(ask(f"GET / HTTP/1.1\r\n{CLOSE}\r\n")),
        }
        idle += [connect(CROWD) for _ in range(5)]
        time.sleep(0.5)
        # Reset before or after the request is sent.
        with suppress(ConnectionResetError):
            found["far above"] = status(ask(f"GET /health HTTP/1.1\r\n{CLOSE}\r\n", CROWD) or b"HTTP/1.1 000")
    finally:
        for connection in idle:
            connection.close()
    return found


def canaries() -> int:
    """Valid and invalid requests with a token in every possible place."""
    query, wrong = f"GET /canary?access_token={CANARY}", f"POST /canary?access_token={CANARY}"
    referer = f"Referer: https://test/?token={CANARY}\r\nAuthorization: Bearer {CANARY}\r\n"
    requests = [
        f"{query} HTTP/1.1\r\n{CLOSE}{referer}\r\n",
        f"GET http://user:{CANARY}@test/canary?{CANARY} HTTP/1.1\r\n{CLOSE}\r\n",
        f"GET /events?events=1&pause=0&name={CANARY} HTTP/1.1\r\n{CLOSE}\r\n",
        # HAProxy refuses these: a head that does not end, a bad header, a bad length, a bad target, no version, and a
        # body that is not sent.
        f"{query} HTTP/1.1\r\nHost: test\r\nX",
        f"{query} HTTP/1.1\r\n{CLOSE}Bad header {CANARY}\r\n\r\n",
        f"{wrong} HTTP/1.1\r\n{CLOSE}Content-Length: {CANARY}\r\n\r\n",
        f"{query}\x01 HTTP/1.1\r\n{CLOSE}\r\n",
        f"{query}\r\n\r\n",
        f"{wrong} HTTP/1.1\r\n{CLOSE}Content-Length: 9\r\n\r\n",
    ]
    return sum(bool(ask(request)) for request in requests)


OBSERVATIONS: dict[str, Callable[[], Any]] = {
    "addresses": addresses,
    "stream": stream,
    "steady stream": lambda: endurance(events=4, pause=1.2),
    "silent stream": lambda: endurance(events=2, pause=9),
    "leaver": leaver,
    "upload": upload,
    "large upload": large_upload,
    "expectation": expectation,
    "websocket": websocket,
    "old forms": old_forms,
    "slow head": slow_head,
    "absent bodies": absent_bodies,
    "late answer": late_answer,
    "crowd": crowd,
    "canaries": canaries,
}

if __name__ == "__main__":
    with ThreadPoolExecutor(len(OBSERVATIONS)) as pool:
        under_way = {name: pool.submit(observe) for name, observe in OBSERVATIONS.items()}
        print(json.dumps({name: future.result() for name, future in under_way.items()}))
