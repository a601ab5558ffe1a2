"""Objects in moto's S3, and what the service answers when S3 fails it."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError
from fastapi.testclient import TestClient

from service import objects
from service.failures import DependencyError


def test_an_object_is_stored_and_read_back(client: TestClient, bucket: str) -> None:
    stored = client.put("/objects/lisbon.html", content=b"<p>Lisbon</p>", headers={"Content-Type": "text/html"})
    assert (stored.status_code, stored.json()) == (201, {"name": "lisbon.html", "size": 13})
    found = client.get("/objects/lisbon.html")
    assert (found.content, found.headers["content-type"]) == (b"<p>Lisbon</p>", "text/html; charset=utf-8")
    assert found.headers["content-disposition"] == "attachment"
    keys = [item["Key"] for item in boto3.Session().client("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert "content/lisbon.html" in keys


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "application/x-www-form-urlencoded"}], ids=["none", "curl"])
def test_an_object_whose_type_is_not_told_is_bytes(client: TestClient, bucket: str, headers: dict[str, str]) -> None:
    client.put("/objects/bytes", content=b"\x00a=b&c", headers=headers)
    found = client.get("/objects/bytes")
    assert (found.content, found.headers["content-type"]) == (b"\x00a=b&c", "application/octet-stream")


def test_an_object_that_is_not_there_is_404(client: TestClient, bucket: str) -> None:
    assert client.get("/objects/nothing").status_code == 404


@pytest.mark.parametrize("name", ["..", ".hidden", "a%2Fb", "x" * 201])
def test_a_name_that_could_leave_the_prefix_is_refused(client: TestClient, bucket: str, name: str) -> None:
    assert client.put(f"/objects/{name}", content=b"x").status_code in {404, 405, 422}


def test_an_object_may_not_be_larger_than_the_limit(client: TestClient, bucket: str) -> None:
    assert client.put("/objects/large", content=b"x" * (objects.MAX_BYTES + 1)).status_code == 413
    assert client.get("/objects/large").status_code == 404


def test_a_bucket_that_does_not_exist_is_502(client: TestClient, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_BUCKET", "no-such-bucket-anywhere")
    answer = client.get("/objects/x")
    assert (answer.status_code, answer.json()["dependency"], answer.json()["stage"]) == (502, "s3", "http")


@pytest.mark.parametrize(("endpoint", "stage"), [("http://127.0.0.1:1", "tcp"), ("http://no-such-host.invalid", "dns")])
def test_an_s3_that_cannot_be_reached_is_502(
    client: TestClient, bucket: str, monkeypatch: pytest.MonkeyPatch, endpoint: str, stage: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    answer = client.put("/objects/x", content=b"x")
    assert (answer.status_code, answer.json()["stage"]) == (502, stage)


@pytest.mark.parametrize(
    ("code", "stage"), [("AccessDenied", "permission"), ("ExpiredToken", "auth"), ("SlowDown", "http")]
)
def test_a_refusal_names_its_stage(code: str, stage: str) -> None:
    with pytest.raises(DependencyError) as failure, objects._failures():
        raise ClientError(
            {"Error": {"Code": code, "Message": "arn:aws:iam::000000000000:role/secret-role"}}, "GetObject"
        )
    assert failure.value.stage == stage
    assert "secret-role" not in failure.value.message


def test_no_bucket_configured_is_503(client: TestClient) -> None:
    assert client.get("/objects/x").status_code == 503


def test_no_credentials_is_503(client: TestClient, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    answer = client.get("/objects/x")
    assert (answer.status_code, answer.json()["stage"]) == (503, "configuration")
