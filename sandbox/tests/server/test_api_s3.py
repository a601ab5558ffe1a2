"""S3: conditional writes, bucket policies, log delivery."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import Server


@pytest.fixture(scope="module")
def s3(server: Server) -> Any:
    return server.client("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"bucket-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.mark.parametrize("condition", ["there is none", "it is this one"])
def test_of_many_writers_one_wins(s3: Any, bucket: str, condition: str) -> None:
    if condition == "there is none":
        wanted = {"IfNoneMatch": "*"}
    else:
        wanted = {"IfMatch": s3.put_object(Bucket=bucket, Key="lease", Body=b"first")["ETag"]}

    def write(number: int) -> bool:
        try:
            s3.put_object(Bucket=bucket, Key="lease", Body=str(number).encode(), **wanted)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "PreconditionFailed"
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(8))) == 1


def test_a_condition_on_a_deleted_object_is_refused_as_s3_does(s3: Any, bucket: str) -> None:
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=bucket, Key="lease", Body=b"x", IfMatch='"9dd4e461268c8034f5c8564e155c67a6"')
    assert caught.value.response["Error"]["Code"] == "NoSuchKey"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_every_answer_has_the_time_of_the_clock_that_dates_objects(s3: Any, bucket: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="lease", Body=b"x")
    got = s3.get_object(Bucket=bucket, Key="lease")
    with pytest.raises(ClientError) as missing:
        s3.get_object(Bucket=bucket, Key="missing")
    for answer in (put, got, missing.value.response):
        date = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        assert 0 <= (date - got["LastModified"]).total_seconds() <= 5


def test_metadata_keeps_its_spelling(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata={"sha256": "abc", "with_underscore": "yes"})
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"sha256": "abc", "with_underscore": "yes"}


@pytest.mark.parametrize(
    "rule",
    [
        {"Filter": {"Prefix": ""}, "Expiration": {"Days": 30}},
        {"Filter": {}, "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 20}},
        {"Filter": {"And": {"Prefix": "a/", "ObjectSizeGreaterThan": 500, "Tags": [{"Key": "k", "Value": "v"}]}}},
        {"Filter": {"Tag": {"Key": "k", "Value": "v"}}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
        {
            "Filter": {"Prefix": "logs/"},
            "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 90, "StorageClass": "GLACIER"}],
            "NoncurrentVersionTransitions": [{"NoncurrentDays": 30, "StorageClass": "STANDARD_IA"}],
        },
    ],
)
def test_lifecycle_rules_are_shown_as_they_were_put(s3: Any, bucket: str, rule: dict[str, Any]) -> None:
    put = {"ID": "rule", "Status": "Enabled", "Expiration": {"Days": 365}, **rule}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [put]})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [put]
    s3.delete_bucket_lifecycle(Bucket=bucket)
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)


def deny_without_tls(bucket: str) -> dict[str, Any]:
    return {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def put_policy(s3: Any, bucket: str, *statements: dict[str, Any]) -> None:
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def test_a_policy_that_requires_tls_allows_the_operator(s3: Any, bucket: str) -> None:
    put_policy(s3, bucket, deny_without_tls(bucket))
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 1
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    s3.delete_object(Bucket=bucket, Key="k")


def test_a_policy_that_denies_everybody_denies_the_operator(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    denied = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    put_policy(s3, bucket, denied)
    with pytest.raises(ClientError, match="Forbidden"):
        s3.get_object(Bucket=bucket, Key="k")


def test_logs_go_where_the_policy_allows(s3: Any, bucket: str) -> None:
    logs = f"{bucket[:50]}-logs"
    s3.create_bucket(Bucket=logs)
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{logs}/content/*",
        "Condition": {
            "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"},
            "StringEquals": {"aws:SourceAccount": "000000000000"},
        },
    }
    put_policy(s3, logs, deny_without_tls(logs), allowed)

    def enable(prefix: str) -> None:
        status = {"LoggingEnabled": {"TargetBucket": logs, "TargetPrefix": prefix}}
        s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=status)

    with pytest.raises(ClientError, match="InvalidTargetBucketForLogging"):
        enable("elsewhere/")
    enable("content/")
    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]["TargetPrefix"] == "content/"
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)


def test_versions_are_deleted_one_by_one_after_versioning_was_suspended(s3: Any, bucket: str) -> None:
    """How Terraform empties a bucket that it destroys."""
    for status in ("Enabled", "Suspended"):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
        if status == "Enabled":
            s3.put_object(Bucket=bucket, Key="k", Body=b"1")
            s3.put_object(Bucket=bucket, Key="k", Body=b"2")
            s3.delete_object(Bucket=bucket, Key="k")
    listed = s3.list_object_versions(Bucket=bucket)
    old, new = (version["VersionId"] for version in reversed(listed["Versions"]))
    marker = listed["DeleteMarkers"][0]["VersionId"]

    s3.delete_object(Bucket=bucket, Key="k", VersionId=marker)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2"
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "VersionId": old}]})
    assert [version["VersionId"] for version in s3.list_object_versions(Bucket=bucket)["Versions"]] == [new]
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "VersionId": new}]})
    s3.delete_bucket(Bucket=bucket)


def test_a_request_that_expects_another_owner_is_refused(s3: Any, bucket: str) -> None:
    """Amazon S3 User Guide, "Verifying bucket ownership with bucket owner condition": 403 AccessDenied."""
    s3.put_object(Bucket=bucket, Key="x", Body=b"1", ExpectedBucketOwner="000000000000")
    other = {"ExpectedBucketOwner": "999999999999"}
    for call, code in (
        (lambda: s3.get_object(Bucket=bucket, Key="x", **other), "AccessDenied"),
        (lambda: s3.put_object(Bucket=bucket, Key="x", Body=b"2", **other), "AccessDenied"),
        (lambda: s3.list_objects_v2(Bucket=bucket, **other), "AccessDenied"),
        (lambda: s3.head_bucket(Bucket=bucket, **other), "403"),
        (lambda: s3.get_object(Bucket="missing", Key="x", **other), "NoSuchBucket"),
    ):
        with pytest.raises(ClientError) as refused:
            call()
        assert refused.value.response["Error"]["Code"] == code
    assert s3.get_object(Bucket=bucket, Key="x")["Body"].read() == b"1"
