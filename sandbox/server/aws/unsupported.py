"""Answers for what moto cannot do, which clients do not retry."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask
from moto.core.request import Request
from moto.moto_server.werkzeug_app import create_backend_app

from sandbox.server.aws import calls, errors

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)


def create_service(service: Any) -> Flask:
    """moto's application for one service. Raises NotImplementedError for None, which stands for an unknown one."""
    if service is None:
        raise NotImplementedError
    return create_backend_app(service)


def refuse(application: WSGIApplication) -> WSGIApplication:
    """Wrap *application*: its failures become errors of the caller.

    moto answers 500 to an action that it does not have, and to one in which it fails. SDKs and Terraform retry a 500
    for minutes, although the answer never changes. A 400 with the reason ends the call.
    """

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return application(environ, start_response)
        except Exception as error:  # noqa: BLE001 - the client must get an answer to every failure of moto
            environ["wsgi.input"].seek(0)
            code, message = _words(error, Request(environ))
            answer = errors.answer(Request(environ), _service(Request(environ)), code, message)
            return answer(environ, start_response)

    return serve


def _words(error: Exception, request: Request) -> tuple[str, str]:
    service = _service(request)
    operation = _operation(request, service)
    if isinstance(error, NotImplementedError):
        log.warning("%s %s is not implemented", service, operation)
        return "UnsupportedOperation", f"The sandbox does not have {service} {operation}."
    # The error's type and place only: its message may quote the request.
    log.error("%s %s failed: %s at %s", service, operation, type(error).__name__, _place(error))
    return "SandboxFailure", f"The sandbox failed in {service} {operation}: {type(error).__name__}."


def _service(request: Request) -> str:
    credential = calls.credential(request)
    return credential.service if credential else "s3"


def _operation(request: Request, service: str) -> str:
    try:
        return calls.call(request, service).operation or f"{request.method} {request.path}"
    except Exception:  # noqa: BLE001 - the request may be what moto's own parser failed on
        return f"{request.method} {request.path}"


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown"
