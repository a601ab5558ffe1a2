"""The gate before moto: only a role's request that is genuine and allowed passes.

moto can enforce IAM only for all callers, and checks most services with the resource ``*``. This gate is before moto,
so that moto answers no request that was not checked.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from moto.core.request import Request

from sandbox.server.aws import calls, errors
from sandbox.server.aws.authorization import resources, sessions, signature
from sandbox.server.aws.authorization.policy import Access, Decision, Document, decide_all
from sandbox.server.aws.authorization.sessions import Session
from sandbox.server.aws.calls import Call, Credential
from sandbox.settings import Settings

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

_STAMP = "%Y%m%dT%H%M%SZ"

#: The beginning of temporary access keys. Long-lived keys, which the operator has, are not checked.
TEMPORARY = "ASIA"
#: The largest difference between a client's clock and ours
#: (IAM User Guide, "Troubleshoot signed requests"; S3 API Reference, errors).
SKEW, S3_SKEW = timedelta(minutes=5), timedelta(minutes=15)


class _RefusedError(Exception):
    def __init__(self, code: str, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def guard(application: WSGIApplication, settings: Settings) -> WSGIApplication:
    """Wrap *application* with the gate."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        credential, call = calls.kept(environ)
        if credential is None or not credential.access_key.startswith(TEMPORARY):
            return application(environ, start_response)
        request.get_data()  # Keeps the body for the signature: reading a form would consume it.
        try:
            _authorize(request, credential, call, settings)
        except _RefusedError as refused:
            log.info("refused %s %s: %s", call.service, call.operation, refused.code)
            answer = errors.answer(request, credential.service, refused.code, refused.message, refused.status)
            return answer(environ, start_response)
        environ["wsgi.input"].seek(0)
        return application(environ, start_response)

    return serve


def _authorize(request: Request, credential: Credential, call: Call, settings: Settings) -> None:
    session = sessions.find(credential.access_key, settings.account_id)
    token = request.headers.get("X-Amz-Security-Token") or request.args.get("X-Amz-Security-Token", "")
    if session is None or not hmac.compare_digest(token, session.session_token):
        raise _invalid_token(credential.service)
    # The signature of a presigned URL is not checked (docs/sandbox-aws.md).
    if credential.signature and not signature.is_valid(request, credential, session.secret_key):
        raise _RefusedError(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method.",
        )
    _check_clock(request, credential)
    if session.expired:
        code = "ExpiredToken" if credential.service in ("s3", "sts") else "ExpiredTokenException"
        raise _RefusedError(code, "The security token included in the request is expired", 400)
    if call.service == "sts" and call.operation == "GetCallerIdentity":
        return  # AWS allows it to everyone, and no policy can deny it.
    for access in resources.accesses(call, settings.account_id, credential.region):
        _permit(session, access, call, request, settings)


def _check_clock(request: Request, credential: Credential) -> None:
    if not credential.signature:
        return  # A presigned URL has its own expiry.
    sent = datetime.strptime(request.headers["X-Amz-Date"], _STAMP).replace(tzinfo=timezone.utc)
    now = datetime.now(timezone.utc)
    if credential.service == "s3":
        if abs(now - sent) > S3_SKEW:
            message = "The difference between the request time and the current time is too large."
            raise _RefusedError("RequestTimeTooSkewed", message)
        return
    if abs(now - sent) <= SKEW:
        return
    edge = now - SKEW if sent < now else now + SKEW
    what = "Signature expired" if sent < now else "Signature not yet current"
    comparison = "earlier" if sent < now else "later"
    model = calls.service_model(credential.service)
    code = "SignatureDoesNotMatch" if model is not None and model.protocol == "query" else "InvalidSignatureException"
    raise _RefusedError(code, f"{what}: {sent:{_STAMP}} is now {comparison} than {edge:{_STAMP}} ({now:{_STAMP}})")


def _permit(session: Session, access: Access, call: Call, request: Request, settings: Settings) -> None:
    checked = Access(
        access.action, access.resource, {**_context(session, request, settings, call.service), **access.context}
    )
    resource_policies: list[Document] = []
    if call.service == "s3" and access.resource != "*":
        bucket = access.resource.removeprefix("arn:aws:s3:::").partition("/")[0]
        found = sessions.bucket_policy(bucket, settings.account_id)
        resource_policies = [found] if found else []
    decision = decide_all(
        session.layers, resource_policies, checked, session.principals(settings.account_id), session.arn
    )
    if decision is Decision.EXPLICIT_DENY:
        raise _denied(session, access, call, "with an explicit deny")
    if decision is not Decision.ALLOW:
        raise _denied(session, access, call, f"because no identity-based policy allows the {access.action} action")


def _context(session: Session, request: Request, settings: Settings, service: str) -> dict[str, tuple[str, ...]]:
    return {
        # AWS uses TLS. The sandbox uses plain HTTP, on this machine only.
        "aws:securetransport": ("true",),
        "aws:principalarn": (session.role_arn,),
        "aws:principalaccount": (settings.account_id,),
        "aws:principaltype": ("AssumedRole",),
        "aws:requestedregion": (settings.region,),
        # There is one account, so every resource is in the caller's account.
        "aws:resourceaccount": (settings.account_id,),
        **({"s3:resourceaccount": (settings.account_id,)} if service == "s3" else {}),
        "aws:sourceip": (request.remote_addr or "127.0.0.1",),
    }


def _denied(session: Session, access: Access, call: Call, reason: str) -> _RefusedError:
    code = {"ec2": "UnauthorizedOperation", "s3": "AccessDenied"}.get(call.service)
    model = calls.service_model(call.service)
    if code is None:
        code = "AccessDenied" if model is not None and model.protocol == "query" else "AccessDeniedException"
    on = "" if access.resource == "*" else f" on resource: {access.resource}"
    return _RefusedError(code, f"User: {session.arn} is not authorized to perform: {access.action}{on} {reason}")


def _invalid_token(service: str) -> _RefusedError:
    if service == "s3":
        return _RefusedError("InvalidToken", "The provided token is malformed or otherwise invalid.", 400)
    if service == "ec2":
        return _RefusedError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
    model = calls.service_model(service)
    query = model is not None and model.protocol == "query"
    code = "InvalidClientTokenId" if query else "UnrecognizedClientException"
    return _RefusedError(code, "The security token included in the request is invalid.")
