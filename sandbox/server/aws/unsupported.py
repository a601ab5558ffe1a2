"""What moto cannot do, said in a way that clients give up on at once."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, request
from moto.core.request import Request, normalize_request
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from sandbox.server.aws import calls, faults

log = logging.getLogger(__name__)


def create_service(service: Any) -> Flask:
    """moto's application for one service, whose failures are errors of the caller.

    moto answers 500 to an action that it does not have, and to one in which it fails. SDKs and Terraform retry a
    500 many times, for minutes, though the answer never changes. A 400 with the reason ends the call.
    """
    application = create_backend_app(service)
    application.register_error_handler(Exception, _refuse)
    return application


def _refuse(error: Exception) -> Response | HTTPException:
    if isinstance(error, HTTPException):
        return error
    asked: Request = normalize_request(request)
    credential = calls.credential(asked)
    service = credential.service if credential else "s3"
    operation = _operation(asked, service)
    if isinstance(error, NotImplementedError):
        log.warning("%s %s is not implemented", service, operation)
        return faults.answer(
            asked, service, "UnsupportedOperation", f"The sandbox does not have {service} {operation}."
        )
    # The kind and the place, not the message: it may quote the request.
    log.error("%s %s failed: %s at %s", service, operation, type(error).__name__, _place(error))
    return faults.answer(
        asked, service, "SandboxFailure", f"The sandbox failed in {service} {operation}: {type(error).__name__}."
    )


def _operation(asked: Request, service: str) -> str:
    try:
        return calls.call(asked, service).operation or f"{asked.method} {asked.path}"
    except Exception:  # noqa: BLE001 - the request may be what moto's parser failed on
        return f"{asked.method} {asked.path}"


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown"
