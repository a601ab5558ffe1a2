"""Brings an artifact from S3 to the disk and makes sure that it is the one that was published."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.slipway.fastapi.plugins.module_utils._aws import boto_errors, error_code, explain

CHUNK = 1 << 20
_AGAIN = "publish it again (make publish APP=./dir)"


class FetchError(Exception):
    """The artifact cannot be had, or is another one; the text names the fix."""


@dataclass(frozen=True)
class Artifact:
    """One version of one object, as the control node has resolved it for the whole fleet."""

    bucket: str
    key: str
    version_id: str
    """"" in a bucket without versions."""
    sha256: str
    size: int
    """Bytes."""

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def fetch(s3: Any, artifact: Artifact, destination: Path) -> None:
    """Downloads an artifact and compares its size and SHA-256 with what they must be.

    Args:
        s3: a boto3 client.
        artifact: what to download.
        destination: a file that does not exist yet.

    Raises:
        FetchError: it is not there, may not be read, or is not the same bytes.
    """
    wanted: dict[str, str] = {"Bucket": artifact.bucket, "Key": artifact.key}
    if artifact.version_id:
        wanted["VersionId"] = artifact.version_id
    digest, size = hashlib.sha256(), 0
    try:
        body = s3.get_object(**wanted)["Body"]
        with destination.open("xb") as target:
            for chunk in body.iter_chunks(CHUNK):
                size += len(chunk)
                if size > artifact.size:
                    break
                digest.update(chunk)
                target.write(chunk)
    except boto_errors() as error:
        raise FetchError(_explanation(error, artifact)) from error
    if size != artifact.size:
        more = "more than" if size > artifact.size else f"{size} instead of"
        raise FetchError(f"{artifact.url} has {more} the {artifact.size} bytes that were published: {_AGAIN}")
    if digest.hexdigest() != artifact.sha256:
        raise FetchError(f"{artifact.url} does not have the SHA-256 {artifact.sha256} that was published: {_AGAIN}")


def _explanation(error: Exception, artifact: Artifact) -> str:
    code = error_code(error)
    # Whoever may not list a bucket, as hosts may not, is not told that an object is missing.
    hidden = code in ("AccessDenied", "403") and "s3:ListBucket" in str(error)
    if hidden or code in ("NoSuchKey", "NoSuchVersion", "404"):
        return f"{artifact.url} (version {artifact.version_id or 'any'}) does not exist any more: {_AGAIN}"
    if code == "NoSuchBucket":
        return f"the bucket of {artifact.url} does not exist: apply the infrastructure (make apply), then publish"
    return explain(error, f"s3:GetObject on {artifact.url}")
