"""The metadata service as a WSGI application. It identifies a host by the source address of the request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from sandbox.server.imds import tree
from sandbox.server.imds.tokens import Tokens
from sandbox.server.imds.tree import InstanceMetadata

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

#: The versions that clients use. All have the same content.
_VERSIONS = ("1.0", "2009-04-04", "2016-09-02", "2018-09-24", "2021-03-23", "2021-07-15", "2024-04-11", "latest")
_VERSIONED = re.compile(r"/(latest|1\.0|20\d\d-\d\d-\d\d)(?:/+(.*))?")
_TOKEN = "X-aws-ec2-metadata-token"  # noqa: S105 - a header's name
_LIFETIME = "X-aws-ec2-metadata-token-ttl-seconds"


def create(find: Callable[[str], InstanceMetadata | None], tokens: Tokens) -> WSGIApplication:
    """The application; *find* gives the running instance at a private address, or None."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return _answer(Request(environ), find, tokens)(environ, start_response)

    return serve


def _answer(request: Request, find: Callable[[str], InstanceMetadata | None], tokens: Tokens) -> Response:
    instance = find(request.remote_addr or "")
    if instance is None:
        return _text(f"No running instance has the address {request.remote_addr}.\n", 404)
    if not instance.endpoint_enabled:
        return _text("", 403)
    if re.fullmatch(r"/+latest/+api/+token/*", request.path):
        return _new_token(request, instance, tokens)
    if request.method not in ("GET", "HEAD"):
        return _text("", 405)
    token = request.headers.get(_TOKEN)
    # A wrong token is refused even if IMDSv1 is allowed.
    if (token is not None or instance.tokens_required) and not tokens.accepts(token or "", instance.instance_id):
        return _text("", 401)
    return _read(request.path, instance)


def _read(path: str, instance: InstanceMetadata) -> Response:
    if path in ("", "/"):
        return _text("\n".join(_VERSIONS))
    found = _VERSIONED.fullmatch(path)
    contents = tree.read(instance, found[2] or "") if found else None
    if contents is None:
        return _text("", 404)
    return Response(contents, content_type="text/plain")


def _new_token(request: Request, instance: InstanceMetadata, tokens: Tokens) -> Response:
    if request.method != "PUT":
        return _text("", 405)
    # EC2 issues no token to a request that came through a proxy.
    if "X-Forwarded-For" in request.headers:
        return _text("", 403)
    lifetime = request.headers.get(_LIFETIME, "")
    try:
        token = tokens.issue(instance.instance_id, int(lifetime))
    except ValueError:
        return _text("", 400)
    answer = _text(token)
    answer.headers[_LIFETIME] = lifetime
    return answer


def _text(body: str, status: int = 200) -> Response:
    return Response(body, status, content_type="text/plain")
