"""The instance metadata service as a host sees it: version 2, one role with credentials."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ACCESS_KEY = "ASIAROLEROLEROLEROLE"
_ROLE = "app-host"
_BASE = "/latest/meta-data/iam/security-credentials/"


class _Handler(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        self._answer("token" if self.path == "/latest/api/token" else None)

    def do_GET(self) -> None:
        if self.headers.get("x-aws-ec2-metadata-token") != "token":
            self.send_error(401)
            return
        expiry = (datetime.now(timezone.utc) + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%SZ")
        credentials = {
            "Code": "Success",
            "AccessKeyId": ACCESS_KEY,
            "SecretAccessKey": "role-secret",
            "Token": "role-token",
            "Expiration": expiry,
        }
        self._answer({_BASE: _ROLE, f"{_BASE}{_ROLE}": json.dumps(credentials)}.get(self.path))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the tests' output is for their results."""

    def _answer(self, text: str | None) -> None:
        if text is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


@contextmanager
def metadata_service() -> Iterator[dict[str, str]]:
    """Run the service, and give the environment with which a Python process asks it instead of the real address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield {
            "TEST_METADATA_URL": f"http://127.0.0.1:{server.server_port}/",
            "PYTHONPATH": str(Path(__file__).with_name("redirect_metadata")),
        }
    finally:
        server.shutdown()
        server.server_close()
