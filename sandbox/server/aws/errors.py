"""Error answers in the service's protocol: JSON, Query, EC2's, S3's or REST."""

from __future__ import annotations

from moto.core.exceptions import ServiceException
from moto.core.model import OperationModel
from moto.core.request import Request, determine_request_protocol
from moto.core.serialize import get_serializer_class
from werkzeug.wrappers import Response

from sandbox.server.aws.calls import service_model

_JSON_PROTOCOLS = {"json", "smithy-rpc-v2-cbor"}


class _AwsError(ServiceException):
    """A class of this module: moto finds the service of its own errors by the module of their class."""


def answer(request: Request, service: str, code: str, message: str, status: int = 400) -> Response:
    """An error answer with *code* and *message*.

    *status* counts for protocols in which errors differ by status. In AWS JSON each of the caller's errors is a 400.
    """
    error = _AwsError(code, message)
    model = service_model(service)
    if model is None:
        return Response(f"{code}: {message}", status, content_type="text/plain")
    try:
        protocol = determine_request_protocol(model, request.content_type)
    except NotImplementedError:
        protocol = str(model.protocol)
    serializer = get_serializer_class(model.service_name, protocol)
    answered = serializer(operation_model=OperationModel({}, model)).serialize(error)
    body = b"" if request.method == "HEAD" else answered["body"]
    return Response(body, 400 if protocol in _JSON_PROTOCOLS else status, headers=answered["headers"])
