"""How the service says that something it depends on has failed: which dependency, at which stage, and nothing secret.

Clients and operators read the answer, so its messages are written here. What a library or a remote side said may repeat
a request, a host or a key: nothing but the type of its error goes anywhere, and that to the log.
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Iterator

from fastapi import Request
from fastapi.responses import JSONResponse

log = logging.getLogger("uvicorn.error")


class DependencyError(Exception):
    """A dependency could not do its part.

    `stage` is one of configuration, dns, tcp, tls, timeout, auth, permission, quota, http and answer.
    """

    def __init__(self, dependency: str, stage: str, message: str) -> None:
        super().__init__(f"{dependency} {stage}: {message}")
        self.dependency = dependency
        self.stage = stage
        self.message = message


async def answer_failure(_request: Request, failure: Exception) -> JSONResponse:
    """Answer 502 for a failed dependency, 503 where the service itself was not given what it needs."""
    if not isinstance(failure, DependencyError):
        raise failure
    cause = type(failure.__cause__).__name__ if failure.__cause__ else "none"
    log.warning("%s (cause: %s)", failure, cause)
    status = 503 if failure.stage == "configuration" else 502
    content = {"dependency": failure.dependency, "stage": failure.stage, "message": failure.message}
    return JSONResponse(content, status_code=status)


def connection_stage(error: BaseException) -> str:
    """Return the stage at which a connection failed: dns, tls, timeout or tcp, from the error or whatever caused it."""
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return "dns"
        if isinstance(cause, ssl.SSLError):
            return "tls"
        if isinstance(cause, TimeoutError):
            return "timeout"
    return "tcp"


CONNECTION_MESSAGES = {
    "dns": "its name does not resolve",
    "tcp": "no connection could be made",
    "tls": "its certificate is not trusted, or TLS failed in another way",
    "timeout": "it did not answer in time",
}


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and those behind it, nearest first."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__
