"""The artifact of an application: one object in S3, with the SHA-256 of its content as metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.fastapi.plugins.module_utils._aws import AwsError, boto_errors, error_code, explain

DIGEST_METADATA = "sha256"
"""Metadata key of the digest. S3 itself keeps no SHA-256 of an ordinary upload."""
APPLICATION_METADATA = "app"
"""Metadata key of what runs in it, `MODULE:NAME`, or NO_APPLICATION."""
NO_APPLICATION = "none"
"""In the place of an application: helper files, of which nothing is started."""

_URL = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>[^/\n].*[^/\n]|[^/\n])\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True)
class Location:
    """Where an artifact is."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, url: str) -> Location:
        """Read `s3://BUCKET/KEY`. Raises AwsError for anything else."""
        found = _URL.match(url)
        if not found:
            raise AwsError(f"'{url}' is no address of an artifact; write s3://BUCKET/KEY")
        return cls(found["bucket"], found["key"])

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class Stored:
    """What S3 knows of an artifact without sending it."""

    version_id: str
    """Empty in a bucket without versions."""
    etag: str
    size: int
    sha256: str
    """Empty when the uploader stored none."""
    app: str = ""
    """Likewise."""


def head(s3: Any, location: Location) -> Stored | None:
    """Ask for the artifact; None when the bucket has no such object.

    Raises AwsError when the bucket is missing or refused.
    """
    try:
        answer = s3.head_object(Bucket=location.bucket, Key=location.key)
    except boto_errors() as error:
        if error_code(error) not in ("404", "NoSuchKey", "NotFound", "NoSuchBucket"):
            raise AwsError(explain(error, f"s3:GetObject on {location}")) from error
        _require_bucket(s3, location.bucket)
        return None
    return _stored(answer)


def _require_bucket(s3: Any, bucket: str) -> None:
    """An answer to HEAD has no body, so a missing key and a missing bucket look alike until the bucket is asked."""
    try:
        s3.head_bucket(Bucket=bucket)
    except boto_errors() as error:
        if error_code(error) in ("404", "NoSuchBucket", "NotFound"):
            raise AwsError(
                f"bucket {bucket} does not exist; `make apply` makes it, or the tag slipway:artifact names a wrong one"
            ) from error
        raise AwsError(explain(error, f"s3:ListBucket on {bucket}")) from error


def _stored(answer: Mapping[str, Any]) -> Stored:
    version = answer.get("VersionId") or ""
    metadata = answer.get("Metadata", {})
    digest = metadata.get(DIGEST_METADATA, "").lower()
    return Stored(
        # "null" is the version of objects that were there before versions were switched on: it can be overwritten.
        version_id="" if version == "null" else version,
        etag=answer["ETag"].strip('"'),
        size=int(answer["ContentLength"]),
        sha256=digest if _DIGEST.match(digest) else "",
        app=metadata.get(APPLICATION_METADATA, ""),
    )
