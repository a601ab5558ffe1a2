"""Injected faults of AWS's services, with the codes that each service uses."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from moto.core.request import Request
from werkzeug.wrappers import Response

from sandbox.server.aws import calls, errors
from sandbox.server.injected_faults import EXPIRED, Fault, FaultError, Target

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

#: S3 has its own codes (Amazon S3 API Reference, "Error responses").
_S3_CODES = {
    EXPIRED: "ExpiredToken",
    409: "ConditionalRequestConflict",
    429: "SlowDown",
    500: "InternalError",
    503: "SlowDown",
}
#: The codes of most other services (AWS's service authorization reference and botocore's lists of codes to retry).
_CODES = {
    EXPIRED: "ExpiredTokenException",
    429: "ThrottlingException",
    500: "InternalFailure",
    503: "ServiceUnavailable",
}


def target_of(environ: WSGIEnvironment) -> Target:
    """What a request is for."""
    request = Request(environ)
    credential, call = calls.kept(environ)
    if credential is None:
        return Target()
    stream = environ["wsgi.input"]
    body = ""
    if "json" in (request.content_type or ""):
        body = stream.read().decode("utf-8", "replace")
        stream.seek(0)
    return Target(credential.service, call.operation, f"{request.path} {body}")


def error_response(environ: WSGIEnvironment, service: str, status: int) -> Response:
    """The service's error answer with *status*."""
    codes = _S3_CODES if service == "s3" else _CODES
    code = codes.get(status, "InternalFailure")
    answer = errors.answer(Request(environ), service, code, "The sandbox injected this error.", status)
    answer.status_code = status
    return answer


def check(fault: Fault, stubs: Collection[str]) -> None:
    """Raise FaultError if no request can trigger the fault. *stubs* are the names of the project's stubs."""
    if fault.status == 409 and fault.service != "s3":
        raise FaultError("only S3 answers 409, to one of two simultaneous conditional writes: choose s3")
    if fault.service in stubs:
        if fault.operation and not fault.operation.startswith("/"):
            raise FaultError(f"an operation of {fault.service} is a path, for example /usage")
        return
    model = calls.service_model(fault.service)
    if model is None:
        raise FaultError(
            f"there is no service {fault.service!r}: choose an AWS service by its signing name, for example s3, ssm, "
            f"ec2, rds, secretsmanager, or a stub of the project ({', '.join(stubs) or 'none is registered'})"
        )
    if fault.operation and fault.operation not in model.operation_names:
        raise FaultError(f"{fault.service} has no operation {fault.operation!r}: write it as in GetObject")
