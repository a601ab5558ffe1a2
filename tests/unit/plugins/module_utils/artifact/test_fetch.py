"""Artifacts arrive as they were published, or not at all."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.fetch import Artifact, FetchError, fetch
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import client
from botocore.exceptions import ClientError

CONTENT = bytes(range(256)) * 8192


@pytest.fixture
def artifact(s3: Any) -> Artifact:
    s3.create_bucket(Bucket="artifacts")
    s3.put_bucket_versioning(Bucket="artifacts", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="artifacts", Key="releases/app.zip", Body=CONTENT)["VersionId"]
    return Artifact("artifacts", "releases/app.zip", version, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


def test_it_is_fetched(s3: Any, artifact: Artifact, tmp_path: Path) -> None:
    fetch(s3, artifact, tmp_path / "artifact")
    assert (tmp_path / "artifact").read_bytes() == CONTENT


def test_it_is_the_version_that_was_resolved(s3: Any, artifact: Artifact, tmp_path: Path) -> None:
    s3.put_object(Bucket=artifact.bucket, Key=artifact.key, Body=b"newer")
    fetch(s3, artifact, tmp_path / "artifact")
    assert (tmp_path / "artifact").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"sha256": "0" * 64}, "SHA-256"),
        ({"size": len(CONTENT) + 1}, f"{len(CONTENT)} instead of the {len(CONTENT) + 1} bytes"),
        ({"size": len(CONTENT) - 1}, "more than the"),
        ({"key": "releases/other.zip", "version_id": ""}, "does not exist any more"),
        ({"bucket": "nowhere"}, "make apply"),
    ],
    ids=["flipped", "truncated", "longer", "no object", "no bucket"],
)
def test_anything_else_is_refused(
    s3: Any, artifact: Artifact, tmp_path: Path, wrong: dict[str, Any], words: str
) -> None:
    with pytest.raises(FetchError, match=words):
        fetch(s3, replace(artifact, **wrong), tmp_path / "artifact")


def test_a_role_that_may_not_read_it_is_told(enforced_iam: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="s3:GetObject"):
        fetch(client("s3", enforced_iam), Artifact("artifacts", "app.zip", "", "0" * 64, 1), tmp_path / "artifact")


class NothingToList:
    """S3 as whoever may read objects and not list them meets it, where the object is gone."""

    def get_object(self, **_: str) -> Any:
        message = "User: u is not authorized to perform: s3:ListBucket on resource: arn:aws:s3:::artifacts"
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": message}}, "GetObject")


def test_what_is_gone_is_no_matter_of_permissions(tmp_path: Path) -> None:
    artifact = Artifact("artifacts", "app.zip", "v1", "0" * 64, 1)
    with pytest.raises(FetchError, match=r"\(version v1\) does not exist any more"):
        fetch(NothingToList(), artifact, tmp_path / "artifact")
