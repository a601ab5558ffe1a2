"""The bucket: an object makes the round trip and is gone, and each refusal is told apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._probes import s3 as probe_s3
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.runner import walk
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.stages import Trail
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.unit.plugins.module_utils.probes.servers import Authority, Reply, closed_port, http_server

BUCKET = "slipway-test-content"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials as a service's environment would have them, and no way to another API."""
    for name in ("AWS_PROFILE", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")


def run(endpoint_url: str, environment: dict[str, str] | None = None) -> dict[str, Any]:
    trail = Trail("s3", "s3")
    bucket = probe_s3.Bucket(BUCKET, "us-east-1", endpoint_url)
    walk(trail, lambda it: probe_s3.probe(it, bucket, environment or {}, 3))
    return trail.as_dict()


def test_an_object_makes_the_round_trip_and_leaves_nothing(aws: dict[str, Any], s3: Any) -> None:
    s3.create_bucket(Bucket=BUCKET)
    part = run(aws["endpoint_url"])
    assert part["ok"], part
    names = [stage["stage"] for stage in part["stages"]]
    assert names == ["credentials", "dns", "tcp", "write", "read", "compare", "delete"]
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def test_a_missing_bucket_is_not_a_missing_permission(aws: dict[str, Any]) -> None:
    part = run(aws["endpoint_url"])
    assert (part["failed_stage"], f"the bucket {BUCKET} does not exist") == ("write", part["cause"])
    assert "provision.yml" in part["fix"]


def test_a_missing_permission_names_the_action(
    aws: dict[str, Any], s3: Any, enforced_iam: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", enforced_iam["access_key"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", enforced_iam["secret_key"])
    part = run(aws["endpoint_url"])
    assert part["failed_stage"] == "write"
    assert "may not s3:PutObject" in part["cause"]


def test_a_host_without_credentials_fails_in_credentials(aws: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    part = run(aws["endpoint_url"])
    assert (part["failed_stage"], "instance" in part["fix"]) == ("credentials", True)


def test_an_endpoint_that_is_not_there_fails_in_tcp() -> None:
    assert run(f"http://127.0.0.1:{closed_port()}")["failed_stage"] == "tcp"


def test_an_endpoint_that_is_not_trusted_fails_in_tls(authority: Authority, stranger: Authority) -> None:
    with http_server(lambda *_: Reply(), stranger.context("localhost")) as port:
        part = run(f"https://localhost:{port}", {"AWS_CA_BUNDLE": str(authority.bundle)})
    assert part["failed_stage"] == "tls"


class Altered:
    """A client of S3 whose objects come back changed."""

    def __init__(self) -> None:
        self.deleted = False

    def put_object(self, **_: Any) -> None:
        return None

    def get_object(self, **_: Any) -> dict[str, Any]:
        return {"Body": Path("/dev/null").open("rb")}  # noqa: SIM115 - the reader closes it

    def delete_object(self, **_: Any) -> None:
        self.deleted = True


def test_other_bytes_fail_in_compare_and_the_object_is_deleted() -> None:
    client, trail = Altered(), Trail("s3", "s3")
    walk(trail, lambda it: probe_s3.round_trip(it, client, {"Bucket": BUCKET, "Key": "k"}))
    assert (trail.as_dict()["failed_stage"], client.deleted) == ("compare", True)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("AccessDenied", "may not s3:GetObject"),
        ("ExpiredToken", "does not accept the host's credentials"),
        ("RequestTimeTooSkewed", "clock"),
        ("PermanentRedirect", "another region"),
        ("SlowDown", "refuses s3:GetObject"),
    ],
)
def test_an_error_code_is_put_into_words(code: str, words: str) -> None:
    trail = Trail("s3", "s3")

    def probe(it: Trail) -> None:
        with it.stage("read"), probe_s3.explained("s3:GetObject", BUCKET):
            raise ClientError({"Error": {"Code": code}}, "GetObject")

    walk(trail, probe)
    assert words in trail.as_dict()["cause"]


def test_a_broken_connection_is_no_refusal() -> None:
    trail = Trail("s3", "s3")

    def probe(it: Trail) -> None:
        with it.stage("read"), probe_s3.explained("s3:GetObject", BUCKET):
            raise ReadTimeoutError(endpoint_url="http://s3.invalid")

    walk(trail, probe)
    assert "connection to S3 broke" in trail.as_dict()["cause"]


def test_the_reserved_prefix_is_the_only_place_that_is_written(aws: dict[str, Any], s3: Any) -> None:
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    assert run(aws["endpoint_url"])["ok"]
    keys = {version["Key"] for version in s3.list_object_versions(Bucket=BUCKET)["Versions"]}
    assert len(keys) == 1
    assert keys.pop().startswith(probe_s3.PREFIX)
