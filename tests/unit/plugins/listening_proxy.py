"""A proxy that really listens, and remembers what it was asked: nothing, or something has gone through it."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@dataclass
class Proxy:
    """A running proxy: its URL, and the first lines of the requests that reached it."""

    url: str
    asked: list[str] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """Variables that send every request through it, in both spellings, and past it for somebody else only."""
        names = [*_NAMES, *map(str.lower, _NAMES)]
        return {**dict.fromkeys(names, self.url), "NO_PROXY": "intranet.example", "no_proxy": "intranet.example"}


@contextmanager
def listening_proxy() -> Iterator[Proxy]:
    """A proxy that answers 502 to everything."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            line = self.rfile.readline().decode("latin-1").strip()
            self.close_connection = True
            if line:
                proxy.asked.append(line)
                self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        proxy = Proxy(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()
