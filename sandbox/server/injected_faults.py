"""Injected faults: errors, slow answers and cut connections, for a number of requests or a time.

Terraform, boto3 and applications must cope with a service that throttles, fails or hangs. A test cannot wait until the
real service does so. Each fault counts how often it fired, so that a test can prove that it happened.
"""

from __future__ import annotations

import itertools
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from werkzeug.wrappers import Request, Response

from sandbox.settings import FAULTS_PATH

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

#: Seconds that an answer can be delayed, and that a fault can last: a forgotten fault ends by itself.
LONGEST_DELAY = 300
LONGEST_LIFE = 3600

_ANSWER = re.compile(r"(?P<status>409|429|5\d\d)|(?P<expired>expired)|slow:(?P<slow>\d+(?:\.\d+)?)|(?P<cut>cut)")
#: The HTTP status of an answer to expired credentials.
EXPIRED = 400


class FaultError(ValueError):
    """There can be no such fault. The message says why, and what can be chosen."""


class Target(NamedTuple):
    """What a request is for. A field is empty if it is unknown."""

    service: str = ""
    operation: str = ""
    resource: str = ""
    """The text that is searched for the resource's name: the path, and the body if it is JSON."""


@dataclass
class Fault:
    """An injected fault of one service.

    *answer* is a status (409, 429 or 5xx), ``expired`` (as for expired credentials), ``slow:SECONDS`` (the service's
    own answer, delayed) or ``cut`` (half of the service's own answer, then the connection ends). An empty *operation*
    means all operations. An empty *resource* means all resources; otherwise it is a text that occurs in the request's
    path or, for services that use JSON, in the body. The fault ends after *times* requests or *seconds*.
    """

    service: str
    answer: str
    operation: str = ""
    resource: str = ""
    times: int = 1
    seconds: float = LONGEST_LIFE
    number: int = 0
    fired: int = 0
    began: float = field(default_factory=time.monotonic, repr=False)

    def __post_init__(self) -> None:
        found = _ANSWER.fullmatch(self.answer)
        if found is None:
            raise FaultError(
                f"there is no answer {self.answer!r}: choose 409, 429, a status from 500, expired, slow:SECONDS or cut"
            )
        self.status = int(found["status"] or (EXPIRED if found["expired"] else 0))
        self.delay = float(found["slow"] or 0)
        self.cuts = bool(found["cut"])
        if self.delay > LONGEST_DELAY:
            raise FaultError(f"{self.answer} is too slow: choose at most {LONGEST_DELAY} seconds")
        if self.times < 1 or not 0 < self.seconds <= LONGEST_LIFE:
            raise FaultError(f"a fault lasts for at least one request, and for at most {LONGEST_LIFE} seconds")

    @property
    def ended(self) -> bool:
        """Whether it has fired *times* times, or its time is over."""
        return self.fired >= self.times or time.monotonic() - self.began > self.seconds

    def applies_to(self, target: Target) -> bool:
        """Whether it is for a request with this target."""
        return (
            self.service == target.service
            and self.operation in ("", target.operation)
            and self.resource in target.resource
        )

    def document(self) -> dict[str, Any]:
        """The fault as a JSON object."""
        names = ("number", "service", "operation", "resource", "answer", "times", "seconds", "fired", "ended")
        return {name: getattr(self, name) for name in names}


class Faults:
    """All faults that were injected since the start or the last `clear`. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._injected: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Add a fault. If several apply to a request, the oldest fires."""
        with self._lock:
            fault.number = next(self._numbers)
            self._injected.append(fault)
        return fault

    def clear(self, number: int | None = None) -> None:
        """Remove all faults, or the one with the *number*."""
        with self._lock:
            self._injected = [fault for fault in self._injected if number not in (None, fault.number)]

    def documents(self) -> list[dict[str, Any]]:
        """All faults, also those that have ended, as JSON objects."""
        with self._lock:
            return [fault.document() for fault in self._injected]

    def any(self) -> bool:
        """Whether any fault has not ended."""
        with self._lock:
            return any(not fault.ended for fault in self._injected)

    def fire(self, target: Target) -> Fault | None:
        """The fault that applies to the target, counted as fired once more, or None."""
        with self._lock:
            for fault in self._injected:
                if fault.applies_to(target) and not fault.ended:
                    fault.fired += 1
                    return fault
        return None


#: Tells what a request is for.
TargetOf = Callable[["WSGIEnvironment"], Target]
#: Makes the error answer of a service with an HTTP status.
ErrorResponse = Callable[["WSGIEnvironment", str, int], Response]


def inject(
    application: WSGIApplication, faults: Faults, target_of: TargetOf, error_response: ErrorResponse
) -> WSGIApplication:
    """Wrap *application* so that *faults* fire."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not faults.any():
            return application(environ, start_response)
        target = target_of(environ)
        fault = faults.fire(target)
        if fault is None:
            return application(environ, start_response)
        if fault.status:
            return error_response(environ, target.service, fault.status)(environ, start_response)
        time.sleep(fault.delay)
        answer = application(environ, start_response)
        return _half(answer, environ) if fault.cuts else answer

    return serve


def _half(answer: Iterable[bytes], environ: WSGIEnvironment) -> Iterator[bytes]:
    whole = b"".join(answer)
    yield whole[: len(whole) // 2]
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("cut by an injected fault")


def control(application: WSGIApplication, faults: Faults, check: Callable[[Fault], None]) -> WSGIApplication:
    """Wrap *application*: requests to `FAULTS_PATH` from this machine list, add and remove faults.

    *check* raises FaultError for a fault that no request can trigger.
    """

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != FAULTS_PATH or environ.get("REMOTE_ADDR") != "127.0.0.1":
            return application(environ, start_response)
        return _manage(Request(environ), faults, check)(environ, start_response)

    return serve


def _manage(request: Request, faults: Faults, check: Callable[[Fault], None]) -> Response:
    if request.method == "POST":
        try:
            fault = Fault(**(request.get_json(force=True, silent=True) or {}))
            check(fault)
        except (FaultError, TypeError) as error:
            return _json({"error": str(error)}, 400)
        return _json(faults.add(fault).document())
    if request.method == "DELETE":
        faults.clear(request.args.get("number", type=int))
    return _json(faults.documents())


def _json(document: Any, status: int = 200) -> Response:
    return Response(json.dumps(document), status, content_type="application/json")
