"""Tavily and Gemini played by a server on loopback: each test says what it answers and reads what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    """A request as it arrived; header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Upstream:
    """What to answer, and what was asked so far."""

    url: str = ""
    status: int = 200
    answer: bytes = b"{}"
    asked: list[Asked] = field(default_factory=list)

    def will_answer(self, status: int, answer: Any) -> None:
        """Answer every request with this status; bytes are sent as they are, anything else as JSON."""
        self.status = status
        self.answer = answer if isinstance(answer, bytes) else json.dumps(answer).encode()


@contextmanager
def upstream_server() -> Iterator[Upstream]:
    """Serve on a free port until the block ends."""
    upstream = Upstream()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            upstream.asked.append(Asked(self.path, headers, json.loads(body)))
            self.send_response(upstream.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(upstream.answer)))
            self.end_headers()
            self.wfile.write(upstream.answer)

        def log_message(self, *_args: Any) -> None:
            """Keep the test's output free of an access log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    upstream.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield upstream
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
