"""Checks Signature Version 4 by signing the same request again."""

from __future__ import annotations

import hmac

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.core.request import Request

from sandbox.server.aws.calls import Credential


def is_valid(request: Request, credential: Credential, secret_key: str) -> bool:
    """Whether *request* was signed with *secret_key*. Of the body, only the digest in the header is compared."""
    headers = {name: request.headers[name] for name in credential.signed_headers if name in request.headers}
    timestamp = request.headers.get("X-Amz-Date", "")
    if not timestamp:
        return False
    again = AWSRequest(method=request.method, url=request.raw_url, data=request.get_data(), headers=headers)
    again.context["timestamp"] = timestamp
    signer_class = S3SigV4Auth if credential.service == "s3" else SigV4Auth
    signer = signer_class(Credentials("", secret_key), credential.service, credential.region)
    expected = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
    return hmac.compare_digest(expected, credential.signature)
