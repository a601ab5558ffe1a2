"""One HTTP request over a socket that is connected already."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .network import TIMEOUTS
from .stages import StageError

LONGEST_BODY = 1 << 20
"""Bytes of an answer that are read; probes need the first few."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: status code, body (cut at LONGEST_BODY) and headers with lower-case names."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """The body as JSON, or None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


def request_path(url: str) -> str:
    """Path and query of a URL, as they go on the request line."""
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def get(connection: socket.socket, url: str, headers: Mapping[str, str] | None = None) -> Answer:
    """GET a URL over the connection, which is closed afterwards.

    Raises:
        StageError: No complete HTTP answer came.
    """
    parts = urlsplit(url)
    client = http.client.HTTPConnection(parts.hostname or "", parts.port)
    client.sock = connection
    try:
        client.putrequest("GET", request_path(url), skip_host=True, skip_accept_encoding=True)
        sent = {"Host": parts.netloc.rpartition("@")[2], "Accept": "application/json", "Connection": "close"}
        sent["User-Agent"] = "slipway-verify"
        for name, value in {**sent, **(headers or {})}.items():
            client.putheader(name, value)
        client.endheaders()
        response = client.getresponse()
        body = response.read(LONGEST_BODY)
    except TIMEOUTS as error:
        raise StageError(
            f"{parts.netloc} took the request and gave no answer in time",
            "try again; if it stays so, look at the other side's status page or log",
        ) from error
    except (http.client.HTTPException, OSError) as error:
        raise StageError(
            f"{parts.netloc} ended the connection without an HTTP answer ({type(error).__name__})",
            "check that the port speaks HTTP and that no proxy is in between",
        ) from error
    finally:
        client.close()
    if response.length and len(body) < LONGEST_BODY:  # With a size, read() takes a short answer for a whole one.
        raise StageError(
            f"{parts.netloc} broke off its answer, {response.length} bytes before its end",
            "try again; if it stays so, look at the other side's status page, or at a proxy in between",
        )
    return Answer(response.status, body, {name.lower(): value for name, value in response.getheaders()})
