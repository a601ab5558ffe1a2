"""`/objects/{name}`: content kept in the S3 bucket that S3_BUCKET names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Annotated, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)
from fastapi import APIRouter, HTTPException, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from service.failures import CONNECTION_MESSAGES, DependencyError, connection_stage
from service.settings import required

router = APIRouter()

PREFIX = "content/"
UNKNOWN_TYPE = "application/octet-stream"
MAX_BYTES = 5 * 1024 * 1024
NOT_FOUND = {"NoSuchKey", "404"}
PERMISSION = {"AccessDenied", "403"}
AUTH = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"}

Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")]


class Stored(BaseModel):
    """What was written: the object's name and its size in bytes."""

    name: str
    size: int


@lru_cache(maxsize=1)
def client() -> Any:
    """Return the one S3 client.

    Credentials come from the instance's role, the region and, where there is one, the endpoint from the environment.
    """
    return boto3.Session().client(
        "s3", config=Config(connect_timeout=5, read_timeout=20, retries={"max_attempts": 2, "mode": "standard"})
    )


@router.put("/objects/{name}", status_code=201)
async def put_object(name: Name, request: Request) -> Stored:
    """Store the request's body under the name, replacing what was there; 413 above MAX_BYTES."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise HTTPException(413, f"an object may have {MAX_BYTES} bytes")
    await run_in_threadpool(_put, name, bytes(body), _content_type(request))
    return Stored(name=name, size=len(body))


@router.get("/objects/{name}")
def get_object(name: Name) -> Response:
    """Return what was stored under the name, with the content type it came with; 404 when there is nothing."""
    bucket = required("S3_BUCKET", "s3")
    with _failures():
        found = client().get_object(Bucket=bucket, Key=PREFIX + name)
        # It is somebody else's upload: no browser may take it for a page of this site.
        headers = {"X-Content-Type-Options": "nosniff", "Content-Disposition": "attachment"}
        return Response(found["Body"].read(), media_type=found["ContentType"], headers=headers)


def _content_type(request: Request) -> str:
    """Return the type that the client names; a form's is what curl says of anything, and so says nothing."""
    named = request.headers.get("content-type", "")
    return UNKNOWN_TYPE if named in {"", "application/x-www-form-urlencoded"} else named


def _put(name: str, body: bytes, content_type: str) -> None:
    bucket = required("S3_BUCKET", "s3")
    with _failures():
        client().put_object(Bucket=bucket, Key=PREFIX + name, Body=body, ContentType=content_type)


@contextmanager
def _failures() -> Iterator[None]:
    """Turn what boto3 raises into a DependencyError that names the stage, or into 404."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in NOT_FOUND:
            raise HTTPException(404, "no such object") from error
        raise DependencyError("s3", *_refusal(code)) from error
    except (NoCredentialsError, NoRegionError) as error:
        raise DependencyError(
            "s3", "configuration", "there are no AWS credentials, or no region, in the service's environment"
        ) from error
    except (BotoConnectionError, HTTPClientError) as error:
        stage = _connection_stage(error)
        raise DependencyError("s3", stage, CONNECTION_MESSAGES[stage]) from error
    except BotoCoreError as error:
        raise DependencyError("s3", "answer", "the request could not be made") from error


def _refusal(code: str) -> tuple[str, str]:
    if code in PERMISSION:
        return "permission", "the service's role may not use this object"
    if code in AUTH:
        return "auth", "it did not accept the service's credentials"
    if code == "NoSuchBucket":
        return "http", "the bucket that S3_BUCKET names does not exist"
    return "http", "it refused the request"


def _connection_stage(error: BotoCoreError) -> str:
    if isinstance(error, SSLError):
        return "tls"
    if isinstance(error, (ConnectTimeoutError, ReadTimeoutError)):
        return "timeout"
    # urllib3 keeps the resolver's error only as text inside its own.
    if "resolve" in str(error).lower() or "name or service not known" in str(error).lower():
        return "dns"
    return connection_stage(error)
