"""Dispatches a TLS request to the stub of the name that it asks."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from sandbox.server.injection import Asked
from sandbox.settings import GEMINI_NAME, TAVILY_NAME

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_SERVICES = {TAVILY_NAME: "tavily", GEMINI_NAME: "gemini"}

Stub = Callable[[Request], Response]


def create(stubs: Mapping[str, Stub]) -> WSGIApplication:
    """The application that serves *stubs*, by host name."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        stub = stubs.get(request.host.partition(":")[0].lower())
        answer = stub(request) if stub else reply({"error": f"no stub is called {request.host}"}, 404)
        return answer(environ, start_response)

    return serve


def asked(environ: WSGIEnvironment) -> Asked:
    """The service that a request is for, as faults on demand call it, and its path."""
    request = Request(environ)
    return Asked(_SERVICES.get(request.host.partition(":")[0].lower(), ""), request.path, request.path)


def refusal(_environ: WSGIEnvironment, _service: str, status: int) -> Response:
    """An error on demand."""
    return reply({"error": {"code": status, "message": "The sandbox was asked to answer so."}}, status)


def reply(document: Any, status: int = 200) -> Response:
    """*document* as JSON."""
    return Response(json.dumps(document), status, content_type="application/json")


def body(request: Request) -> dict[str, Any]:
    """The request's JSON object; an empty one if it has none."""
    document = request.get_json(force=True, silent=True)
    return document if isinstance(document, dict) else {}


def same(given: str | None, key: str) -> bool:
    """Whether *given* is the key, in a time that does not tell how much of it is right."""
    return hmac.compare_digest((given or "").encode(), key.encode())
