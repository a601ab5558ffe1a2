"""Where an artifact is, and what S3 says of it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.location import Location, head
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import AwsError, client

DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("url", "bucket", "key"),
    [
        ("s3://my-bucket/app.zip", "my-bucket", "app.zip"),
        ("s3://my.bucket.1/a/b c/é=1.zip", "my.bucket.1", "a/b c/é=1.zip"),
        ("s3://abc/k", "abc", "k"),
    ],
)
def test_addresses(url: str, bucket: str, key: str) -> None:
    location = Location.parse(url)
    assert (location.bucket, location.key, str(location)) == (bucket, key, url)


@pytest.mark.parametrize(
    "url", ["", "abc/k", "s3:/abc/k", "s3://ab/k", "s3://Abc/k", "s3://abc/k/", "s3://abc//k", "s3://abc/k\n"]
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(AwsError, match=r"is no address of an artifact; write s3://BUCKET/KEY"):
        Location.parse(url)


def test_the_digest_is_read_in_any_case_and_nothing_else_is_taken_for_one(aws: dict[str, Any], s3: Any) -> None:
    s3.create_bucket(Bucket="bucket")
    location = Location("bucket", "key")
    for stored, read in ((DIGEST, DIGEST), (DIGEST.upper(), DIGEST), (DIGEST + "0", ""), ("", "")):
        s3.put_object(Bucket="bucket", Key="key", Body=b"x", Metadata={"sha256": stored})
        found = head(client("s3", aws), location)
        assert found is not None
        assert (found.sha256, found.size, found.version_id) == (read, 1, "")


def test_a_missing_object_is_none_and_a_missing_bucket_an_error(aws: dict[str, Any], s3: Any) -> None:
    s3.create_bucket(Bucket="bucket")
    assert head(client("s3", aws), Location("bucket", "missing")) is None
    with pytest.raises(AwsError, match=r"bucket missing does not exist"):
        head(client("s3", aws), Location("missing", "key"))
