"""S3's bucket owner condition: a request that expects another owner of the bucket is refused.

Amazon S3 User Guide, "Verifying bucket ownership with bucket owner condition". moto ignores it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from moto.core.request import Request
from moto.s3.models import s3_backends

from sandbox.server.aws import calls, errors
from sandbox.settings import Settings

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


def check(application: WSGIApplication, settings: Settings) -> WSGIApplication:
    """Wrap *application* with the check. Every bucket belongs to the sandbox's only account."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        expected = environ.get("HTTP_X_AMZ_EXPECTED_BUCKET_OWNER", "")
        if expected in ("", settings.account_id):
            return application(environ, start_response)
        request = Request(environ)
        credential = calls.credential(request)
        bucket = request.path.lstrip("/").partition("/")[0]
        exists = bucket in s3_backends[settings.account_id]["aws"].buckets
        if credential is None or credential.service != "s3" or not exists:
            return application(environ, start_response)
        return errors.answer(request, "s3", "AccessDenied", "Access Denied", 403)(environ, start_response)

    return serve
