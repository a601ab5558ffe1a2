"""Answers on demand: errors, slow answers and cut connections, for as many requests or as long as was asked.

Terraform, boto3 and applications must cope with a service that throttles, fails or hangs, and nobody can wait for the
real one to do so. Each fault counts how often it fired, so that a test can prove that it happened.
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

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

#: Where the AWS API's address takes orders, from this machine only. No bucket can have an underscore in its name.
PATH = "/_slipway/faults"
#: Longest answer, in seconds, and longest life of a fault: whoever forgets one is not left with it for ever.
MOST_SECONDS = 300
LONGEST_LIFE = 3600
#: Services that are not AWS's.
STUBS = ("tavily", "gemini")

_ANSWER = re.compile(r"(?P<status>409|429|5\d\d)|(?P<expired>expired)|slow:(?P<slow>\d+(?:\.\d+)?)|(?P<cut>cut)")
#: What a refusal of credentials that have expired has as its status.
EXPIRED = 400


class FaultError(ValueError):
    """An order that cannot be carried out; the message says why."""


class Asked(NamedTuple):
    """What a request is for; each empty where it cannot be told."""

    service: str = ""
    operation: str = ""
    resource: str = ""
    """The texts in which its resource is named."""


@dataclass
class Fault:
    """What a service answers instead of, or before, its own answer.

    *answer* is a status (409, 429 or 5xx), ``expired`` (as if the credentials had), ``slow:SECONDS`` (its own answer,
    later) or ``cut`` (half of its own answer, then the connection ends). An empty *operation* stands for all, an empty
    *resource* too: otherwise it is a text in the request's path or, for services that speak JSON, in its body. It ends
    after *times* requests or *seconds*.
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
        if self.delay > MOST_SECONDS:
            raise FaultError(f"{self.answer} is too slow: {MOST_SECONDS} seconds at most")
        if self.times < 1 or not 0 < self.seconds <= LONGEST_LIFE:
            raise FaultError(f"a fault lasts for one request or more, and for up to {LONGEST_LIFE} seconds")

    @property
    def ended(self) -> bool:
        """Whether it has done what was asked, or its time is over."""
        return self.fired >= self.times or time.monotonic() - self.began > self.seconds

    def fits(self, asked: Asked) -> bool:
        """Whether it is for such a request."""
        return (
            self.service == asked.service
            and self.operation in ("", asked.operation)
            and self.resource in asked.resource
        )

    def document(self) -> dict[str, Any]:
        """For programs."""
        names = ("number", "service", "operation", "resource", "answer", "times", "seconds", "fired", "ended")
        return {name: getattr(self, name) for name in names}


class Faults:
    """Every fault that was ordered since the start or the last `clear`. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._ordered: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Order one. Of several that fit a request the oldest fires."""
        with self._lock:
            fault.number = next(self._numbers)
            self._ordered.append(fault)
        return fault

    def clear(self, number: int | None = None) -> None:
        """Forget all of them, or one."""
        with self._lock:
            self._ordered = [fault for fault in self._ordered if number not in (None, fault.number)]

    def documents(self) -> list[dict[str, Any]]:
        """All of them, those that have ended too, for programs."""
        with self._lock:
            return [fault.document() for fault in self._ordered]

    def any(self) -> bool:
        """Whether there is one left to fire."""
        with self._lock:
            return any(not fault.ended for fault in self._ordered)

    def take(self, asked: Asked) -> Fault | None:
        """The fault for a request, which has then fired once more, or None."""
        with self._lock:
            for fault in self._ordered:
                if fault.fits(asked) and not fault.ended:
                    fault.fired += 1
                    return fault
        return None


Ask = Callable[["WSGIEnvironment"], Asked]
Refusal = Callable[["WSGIEnvironment", str, int], Response]


def inject(application: WSGIApplication, faults: Faults, ask: Ask, refusal: Refusal) -> WSGIApplication:
    """*application* with *faults*: *ask* tells what a request is for, *refusal* makes an error answer."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not faults.any():
            return application(environ, start_response)
        asked = ask(environ)
        fault = faults.take(asked)
        if fault is None:
            return application(environ, start_response)
        if fault.status:
            return refusal(environ, asked.service, fault.status)(environ, start_response)
        time.sleep(fault.delay)
        answer = application(environ, start_response)
        return _half(answer, environ) if fault.cuts else answer

    return serve


def _half(answer: Iterable[bytes], environ: WSGIEnvironment) -> Iterator[bytes]:
    whole = b"".join(answer)
    yield whole[: len(whole) // 2]
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("cut, as was asked")


def control(application: WSGIApplication, faults: Faults, check: Callable[[Fault], None]) -> WSGIApplication:
    """*application*, with orders taken at `PATH` from this machine. *check* raises FaultError for an unknown name."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != PATH or environ.get("REMOTE_ADDR") != "127.0.0.1":
            return application(environ, start_response)
        return _order(Request(environ), faults, check)(environ, start_response)

    return serve


def _order(request: Request, faults: Faults, check: Callable[[Fault], None]) -> Response:
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
