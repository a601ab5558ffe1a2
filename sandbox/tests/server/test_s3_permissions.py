"""Which S3 permissions an S3 call needs."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.server.aws.authorization.s3 import accesses

BUCKET = "arn:aws:s3:::b"


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        ("ListBuckets", {}, [("ListAllMyBuckets", "*")]),
        ("HeadBucket", {"Bucket": "b"}, [("ListBucket", BUCKET)]),
        ("ListObjectsV2", {"Bucket": "b"}, [("ListBucket", BUCKET)]),
        ("ListObjectVersions", {"Bucket": "b"}, [("ListBucketVersions", BUCKET)]),
        ("GetBucketVersioning", {"Bucket": "b"}, [("GetBucketVersioning", BUCKET)]),
        ("GetBucketReplication", {"Bucket": "b"}, [("GetReplicationConfiguration", BUCKET)]),
        ("GetBucketAccelerateConfiguration", {"Bucket": "b"}, [("GetAccelerateConfiguration", BUCKET)]),
        ("GetObject", {"Bucket": "b", "Key": "k/l"}, [("GetObject", BUCKET + "/k/l")]),
        ("HeadObject", {"Bucket": "b", "Key": "k"}, [("GetObject", BUCKET + "/k")]),
        ("GetObject", {"Bucket": "b", "Key": "k", "VersionId": "1"}, [("GetObjectVersion", BUCKET + "/k")]),
        ("HeadObject", {"Bucket": "b", "Key": "k", "VersionId": "1"}, [("GetObjectVersion", BUCKET + "/k")]),
        ("PutObject", {"Bucket": "b", "Key": "k"}, [("PutObject", BUCKET + "/k")]),
        (
            "PutObject",
            {"Bucket": "b", "Key": "k", "Tagging": "a=b"},
            [("PutObject", BUCKET + "/k"), ("PutObjectTagging", BUCKET + "/k")],
        ),
        ("UploadPart", {"Bucket": "b", "Key": "k", "UploadId": "u"}, [("PutObject", BUCKET + "/k")]),
        ("DeleteObject", {"Bucket": "b", "Key": "k"}, [("DeleteObject", BUCKET + "/k")]),
        ("DeleteObject", {"Bucket": "b", "Key": "k", "VersionId": "1"}, [("DeleteObjectVersion", BUCKET + "/k")]),
        (
            "DeleteObjects",
            {"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}, {"Key": "l", "VersionId": "1"}]}},
            [("DeleteObject", BUCKET + "/k"), ("DeleteObjectVersion", BUCKET + "/l")],
        ),
        (
            "CopyObject",
            {"Bucket": "b", "Key": "k", "CopySource": "/source/a%20b?versionId=1"},
            [("PutObject", BUCKET + "/k"), ("GetObjectVersion", "arn:aws:s3:::source/a b")],
        ),
    ],
)
def test_permissions(operation: str, parameters: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert [(each.action.removeprefix("s3:"), each.resource) for each in accesses(operation, parameters)] == expected


def test_a_prefix_can_be_a_condition() -> None:
    (listing,) = accesses("ListObjectsV2", {"Bucket": "b", "Prefix": "probe/"})
    assert listing.context["s3:prefix"] == ("probe/",)
