"""Reads a request's service, operation and parameters, in any of AWS's protocols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel, ServiceModel
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

from sandbox.server.aws.requests import reading
from sandbox.server.aws.requests.reading import Reading

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

#: botocore's names of services that have another signing name.
_MODELS = {
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "email": "ses",
    "states": "stepfunctions",
    "tagging": "resourcegroupstaggingapi",
}


@dataclass(frozen=True)
class Credential:
    """The credential that signed a request. *signed_headers* is empty for a presigned URL."""

    access_key: str
    region: str
    service: str
    signed_headers: tuple[str, ...] = ()
    signature: str = ""


@dataclass(frozen=True)
class Call:
    """An AWS API call. If the service's model does not know it, *operation* is empty and *model* is None."""

    service: str
    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    protocol: str = ""
    model: OperationModel | None = field(default=None, repr=False)
    reading: Reading = field(default_factory=Reading, repr=False)


#: The key in a request's environment that keeps its call, so that it is read once.
_KEPT = "slipway.call"


def credential(request: Request) -> Credential | None:
    """The credential of a request with Signature Version 4, in its header or its query; None if it has none."""
    algorithm, _, rest = request.headers.get("Authorization", "").partition(" ")
    if algorithm == "AWS4-HMAC-SHA256":
        parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    else:
        parts = {"Credential": unquote(request.args.get("X-Amz-Credential", ""))}
    scope = parts.get("Credential", "").split("/")
    if len(scope) != 5:
        return None
    signed = tuple(filter(None, parts.get("SignedHeaders", "").split(";")))
    return Credential(scope[0], scope[2], scope[3].lower(), signed, parts.get("Signature", ""))


def service_model(service: str) -> ServiceModel | None:
    """botocore's model of the service that signs as *service*, or None."""
    try:
        return get_service_model(_MODELS.get(service, service))
    except UnknownServiceError:
        return None


def operation(request: Request, service: str) -> str:
    """The operation of a request that is signed for *service*, or empty if it is unknown."""
    try:
        found, _ = get_service_router(_MODELS.get(service, service)).match(request)
    except (NotFound, NotImplementedError, UnknownServiceError):
        return ""
    return str(found.name)


def call(request: Request, service: str) -> Call:
    """Read the call of a request that is signed for *service*."""
    model = service_model(service)
    if model is None:
        return Call(service, "")
    try:
        operation, path_parameters = get_service_router(_MODELS.get(service, service)).match(request)
        protocol = determine_request_protocol(model, request.content_type)
    except (NotFound, NotImplementedError):
        return Call(service, "")
    found = reading.read(request, operation, protocol, path_parameters)
    return Call(service, operation.name, found.parameters, protocol, operation, found)


def kept(environ: WSGIEnvironment) -> tuple[Credential | None, Call]:
    """The credential and the call of the request in *environ*, read at the first use. The body can still be read."""
    if _KEPT not in environ:
        request = Request(environ)
        found = credential(request)
        request.get_data()  # Keeps the body: reading a form would consume it.
        environ[_KEPT] = found, call(request, found.service) if found else Call("", "")
        environ["wsgi.input"].seek(0)
    pair: tuple[Credential | None, Call] = environ[_KEPT]
    return pair
