"""Resolving an artifact: one content, named so that it cannot be exchanged unseen."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.unit.plugins.running import Runner

BUCKET = "location-content-sandbox-artifacts"
KEY = "releases/app.zip"
BODY = b"archive" * 300_000
SHA256 = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def runner(aws: dict[str, Any], s3: Any) -> Runner:
    s3.create_bucket(Bucket=BUCKET)
    return Runner("release_target", {"aws": aws, "artifact": f"s3://{BUCKET}/{KEY}"})


def versioned(s3: Any, status: str = "Enabled") -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": status})


def put(s3: Any, body: bytes = BODY, metadata: dict[str, str] | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = s3.put_object(Bucket=BUCKET, Key=KEY, Body=body, Metadata=metadata or {})
    return answer


def test_a_bucket_with_versions_gives_the_version(runner: Runner, s3: Any) -> None:
    versioned(s3)
    stored = put(s3, metadata={"sha256": SHA256})
    for result in (runner.check(), runner.run()):
        assert result["changed"] is False
        assert result["version_id"] == stored["VersionId"] != ""
        assert (result["bucket"], result["key"], result["size"]) == (BUCKET, KEY, len(BODY))
        assert (result["sha256"], result["sha256_from"]) == (SHA256, "metadata")


def test_the_current_version_is_the_last_one(runner: Runner, s3: Any) -> None:
    versioned(s3)
    put(s3, b"old")
    last = put(s3, b"new")
    result = runner.run()
    assert (result["version_id"], result["sha256"]) == (last["VersionId"], hashlib.sha256(b"new").hexdigest())


def test_a_bucket_without_versions_gives_the_etag(runner: Runner, s3: Any) -> None:
    stored = put(s3)
    result = runner.run()
    assert (result["version_id"], f'"{result["etag"]}"') == ("", stored["ETag"])


def test_an_object_of_the_time_before_versions_has_no_version_that_could_be_trusted(runner: Runner, s3: Any) -> None:
    put(s3)
    versioned(s3)
    versioned(s3, "Suspended")
    put(s3)
    assert runner.run()["version_id"] == ""


@pytest.mark.parametrize("metadata", [{}, {"sha256": "not a digest"}, {"sha256": SHA256[:-1]}])
@pytest.mark.parametrize("with_versions", [True, False])
def test_without_a_stored_digest_the_content_is_read(
    runner: Runner, s3: Any, metadata: dict[str, str], with_versions: bool
) -> None:
    if with_versions:
        versioned(s3)
    put(s3, metadata=metadata)
    result = runner.run()
    assert (result["sha256"], result["sha256_from"]) == (SHA256, "content")


def test_a_missing_bucket(runner: Runner) -> None:
    message = runner.fail(artifact=f"s3://{BUCKET}-missing/{KEY}")
    assert message.startswith(f"bucket {BUCKET}-missing does not exist; `make apply` makes it")


def test_a_missing_key(runner: Runner) -> None:
    assert runner.fail() == f"s3://{BUCKET}/{KEY} does not exist; upload one with `make publish APP=./dir`"


def test_a_deleted_object(runner: Runner, s3: Any) -> None:
    versioned(s3)
    put(s3)
    s3.delete_object(Bucket=BUCKET, Key=KEY)
    assert f"s3://{BUCKET}/{KEY} does not exist" in runner.fail()


def test_an_empty_object(runner: Runner, s3: Any) -> None:
    put(s3, b"")
    assert runner.fail().startswith(f"s3://{BUCKET}/{KEY} is empty; upload the artifact again")


@pytest.mark.parametrize(
    "artifact", ["", "app.zip", "s3://", "s3://bucket", "s3://bucket/", "https://bucket/key", "s3://B/key"]
)
def test_what_is_no_address(runner: Runner, artifact: str) -> None:
    assert runner.fail(artifact=artifact) == f"'{artifact}' is no address of an artifact; write s3://BUCKET/KEY"


def test_a_refusal_names_action_and_object(runner: Runner, enforced_iam: dict[str, Any]) -> None:
    assert runner.fail(aws=enforced_iam).startswith(f"AWS refused s3:GetObject on s3://{BUCKET}/{KEY} (403)")


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [({"app": "api:app"}, ("api:app", True)), ({"app": "none"}, ("", False)), ({}, ("", True))],
    ids=["a service", "mere files", "from elsewhere"],
)
def test_what_runs_in_it(runner: Runner, s3: Any, metadata: dict[str, str], expected: tuple[str, bool]) -> None:
    put(s3, metadata=metadata)
    result = runner.run()
    assert (result["app"], result["service"]) == expected


@pytest.mark.parametrize("app", ["main:app LD_PRELOAD=/opt/x.so", "main", "None", "main:app\tX=1"])
def test_what_is_no_application_is_not_handed_to_hosts(runner: Runner, s3: Any, app: str) -> None:
    put(s3, metadata={"app": app})
    message = runner.fail()
    assert f"the metadata 'app' of s3://{BUCKET}/{KEY} is not to be trusted" in message
    assert "make publish" in message
