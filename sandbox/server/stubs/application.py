"""Dispatches a TLS request to the stub that has the request's host name."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from sandbox.project import Stub
from sandbox.server.injected_faults import Target
from sandbox.stub_api import Handler, json_response

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class StubError(Exception):
    """A handler file cannot be used. The message names the file and the fix."""


def create(handlers: Mapping[str, Handler]) -> WSGIApplication:
    """The application that serves *handlers*, each at its host name."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        handler = handlers.get(_hostname(request))
        unknown = f"no stub has the host name {request.host}"
        answer = handler(request) if handler else json_response({"error": unknown}, 404)
        return answer(environ, start_response)

    return serve


def load(stub: Stub, key: str) -> Handler:
    """Run the stub's handler file and make its handler. Raises StubError if the file fails or has no ``create``."""
    spec = importlib.util.spec_from_file_location(f"sandbox_stub_{stub.name.replace('-', '_')}", stub.handler)
    if spec is None or spec.loader is None:
        raise StubError(f"{stub.handler} is no Python file: name one that ends with .py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        handler: Handler = module.create(key)
    except Exception as error:  # the file is the project's: anything can go wrong in it
        text = f"the stub {stub.name} cannot be loaded: {stub.handler}: {type(error).__name__}: {error}"
        raise StubError(f"{text}; correct the file: it needs a function create(key)") from error
    return handler


class Targets:
    """Tells which stub a request is for, for injected faults."""

    def __init__(self, stubs: Iterable[Stub]) -> None:
        self._names = {stub.hostname: stub.name for stub in stubs}

    def __call__(self, environ: WSGIEnvironment) -> Target:
        """The stub's name and the request's path."""
        request = Request(environ)
        return Target(self._names.get(_hostname(request), ""), request.path, request.path)


def error_response(_environ: WSGIEnvironment, _service: str, status: int) -> Response:
    """An injected error."""
    return json_response({"error": {"code": status, "message": "The sandbox injected this error."}}, status)


def _hostname(request: Request) -> str:
    return request.host.partition(":")[0].lower()
