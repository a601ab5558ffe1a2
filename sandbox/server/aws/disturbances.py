"""Faults on demand, as AWS's services word them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.core.request import Request
from werkzeug.wrappers import Response

from sandbox.server.aws import calls, faults
from sandbox.server.injection import EXPIRED, STUBS, Asked, Fault, FaultError

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

#: S3 has names of its own (Amazon S3 API Reference, "Error responses").
_S3_CODES = {
    EXPIRED: "ExpiredToken",
    409: "ConditionalRequestConflict",
    429: "SlowDown",
    500: "InternalError",
    503: "SlowDown",
}
#: What most others answer (AWS's service authorization reference and botocore's own lists of codes to retry).
_CODES = {
    EXPIRED: "ExpiredTokenException",
    429: "ThrottlingException",
    500: "InternalFailure",
    503: "ServiceUnavailable",
}


def asked(environ: WSGIEnvironment) -> Asked:
    """What a request is for."""
    request = Request(environ)
    credential, call = calls.kept(environ)
    if credential is None:
        return Asked()
    stream = environ["wsgi.input"]
    body = ""
    if "json" in (request.content_type or ""):
        body = stream.read().decode("utf-8", "replace")
        stream.seek(0)
    return Asked(credential.service, call.operation, f"{request.path} {body}")


def refusal(environ: WSGIEnvironment, service: str, status: int) -> Response:
    """The error that the service would answer with *status*."""
    codes = _S3_CODES if service == "s3" else _CODES
    code = codes.get(status, "InternalFailure")
    answer = faults.answer(Request(environ), service, code, "The sandbox was asked to answer so.", status)
    answer.status_code = status
    return answer


def check(fault: Fault) -> None:
    """Raises FaultError where no request could ever fit the fault."""
    if fault.status == 409 and fault.service != "s3":
        raise FaultError("409 is what S3 answers to one of two conditional writes at the same moment: choose s3")
    if fault.service in STUBS:
        if fault.operation and not fault.operation.startswith("/"):
            raise FaultError(f"an operation of {fault.service} is a path, for example /usage")
        return
    model = calls.service_model(fault.service)
    if model is None:
        raise FaultError(
            f"there is no service {fault.service!r}: choose {', '.join(STUBS)} or the name that requests are signed "
            "for, for example s3, ssm, ec2, rds, secretsmanager"
        )
    if fault.operation and fault.operation not in model.operation_names:
        raise FaultError(f"{fault.service} has no operation {fault.operation!r}: it is written as in GetObject")
