"""The metadata service, over plain data."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, timezone

import pytest
from werkzeug.test import Client, TestResponse

from sandbox.server.imds import application, tree
from sandbox.server.imds.tokens import LONGEST_SECONDS, Tokens
from sandbox.server.imds.tree import Credentials, InstanceMetadata, Role

ADDRESS = "10.40.1.4"
ISSUED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
CREDENTIALS = Credentials("ASIAEXAMPLE", "secret", "token", ISSUED, ISSUED.replace(hour=9))
INSTANCE = InstanceMetadata(
    instance_id="i-0123",
    account_id="000000000000",
    region="us-east-1",
    availability_zone="us-east-1a",
    image_id="ami-1",
    instance_type="t3.micro",
    architecture="x86_64",
    launch_index=0,
    launched=ISSUED,
    reservation_id="r-1",
    private_ip=ADDRESS,
    private_dns_name="ip-10-40-1-4.ec2.internal",
    public_ip="198.51.100.1",
    public_dns_name="ec2-198-51-100-1.compute-1.amazonaws.com",
    mac="02:00:00:00:00:01",
    interface_id="eni-1",
    subnet_id="subnet-1",
    subnet_cidr="10.40.1.0/24",
    vpc_id="vpc-1",
    vpc_cidr="10.40.0.0/16",
    security_groups={"sg-1": "web", "sg-2": "ssh"},
    tokens_required=True,
    endpoint_enabled=True,
    user_data=b"#cloud-config\n\xff",
    key_name="slipway-sandbox",
    public_key="ssh-ed25519 AAAA",
    role=Role("host", "arn:aws:iam::000000000000:instance-profile/host", "AIPA1", CREDENTIALS),
    tags={"Name": "web", "slipway:app": "location-content"},
)


class Service:
    """The application, asked from an address, with or without a token."""

    def __init__(self, instance: InstanceMetadata = INSTANCE) -> None:
        self.instance = instance
        self.client = Client(application.create(self._find, Tokens()))

    def _find(self, address: str) -> InstanceMetadata | None:
        return self.instance if address == self.instance.private_ip else None

    def ask(self, path: str, method: str = "GET", address: str = ADDRESS, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(path, method=method, headers=named, environ_base={"REMOTE_ADDR": address})

    def token(self, address: str = ADDRESS, **headers: str) -> TestResponse:
        wanted = {"X_aws_ec2_metadata_token_ttl_seconds": "60", **headers}
        return self.ask("/latest/api/token", "PUT", address, **wanted)

    def read(self, path: str) -> TestResponse:
        return self.ask(f"/latest/{path}", X_aws_ec2_metadata_token=self.token().text)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("meta-data/instance-id", "i-0123"),
        ("meta-data/local-ipv4", ADDRESS),
        ("meta-data/public-ipv4", "198.51.100.1"),
        ("meta-data/placement/region", "us-east-1"),
        ("meta-data/security-groups", "web\nssh"),
        ("meta-data/iam/security-credentials/", "host"),
        ("meta-data/public-keys/", "0=slipway-sandbox"),
        ("meta-data/public-keys/0/", "openssh-key"),
        ("meta-data/public-keys/0/openssh-key", "ssh-ed25519 AAAA"),
        ("meta-data/tags/instance/", "Name\nslipway:app"),
        ("meta-data/tags/instance/slipway:app", "location-content"),
        ("meta-data/network/interfaces/macs/", "02:00:00:00:00:01/"),
        ("meta-data/network/interfaces/macs/02:00:00:00:00:01/vpc-ipv4-cidr-block", "10.40.0.0/16"),
        ("", "dynamic/\nmeta-data/\nuser-data"),
        ("dynamic/instance-identity", "document"),
    ],
)
def test_paths(path: str, expected: str) -> None:
    answer = Service().read(path)
    assert (answer.status_code, answer.text) == (200, expected)


def test_user_data_is_returned_byte_by_byte() -> None:
    assert Service().read("user-data").data == b"#cloud-config\n\xff"


def test_credentials_have_the_form_that_sdks_read() -> None:
    document = json.loads(Service().read("meta-data/iam/security-credentials/host").text)
    assert document == {
        "Code": "Success",
        "LastUpdated": "2026-01-02T03:04:05Z",
        "Type": "AWS-HMAC",
        "AccessKeyId": "ASIAEXAMPLE",
        "SecretAccessKey": "secret",
        "Token": "token",
        "Expiration": "2026-01-02T09:04:05Z",
    }


def test_the_identity_document_names_the_instance() -> None:
    document = json.loads(Service().read("dynamic/instance-identity/document").text)
    assert (document["instanceId"], document["accountId"], document["region"]) == (
        "i-0123",
        "000000000000",
        "us-east-1",
    )


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"tags": None}, "meta-data/tags/instance/"),
        ({"role": None}, "meta-data/iam/security-credentials/"),
        ({"role": None}, "meta-data/iam/info"),
        ({"user_data": None}, "user-data"),
        ({"public_ip": None}, "meta-data/public-ipv4"),
        ({"public_key": None}, "meta-data/public-keys/"),
        ({}, "meta-data/no-such-thing"),
        ({}, "meta-data/instance-id/below"),
    ],
)
def test_an_unknown_path_is_404(change: dict[str, None], path: str) -> None:
    assert Service(dataclasses.replace(INSTANCE, **change)).read(path).status_code == 404  # type: ignore[arg-type]


def test_a_secret_is_not_in_a_representation() -> None:
    assert "secret" not in repr(INSTANCE)
    assert "'token'" not in repr(INSTANCE)


def test_imdsv1_is_refused_where_tokens_are_required() -> None:
    assert Service().ask("/latest/meta-data/instance-id").status_code == 401


def test_imdsv1_works_where_tokens_are_optional() -> None:
    service = Service(dataclasses.replace(INSTANCE, tokens_required=False))
    assert service.ask("/latest/meta-data/instance-id").text == "i-0123"
    assert service.ask("/latest/meta-data/instance-id", X_aws_ec2_metadata_token="wrong").status_code == 401


def test_a_token_is_valid_for_its_own_instance_only() -> None:
    tokens = Tokens()
    token = tokens.issue("i-other", 60)
    service = Client(application.create(lambda _: INSTANCE, tokens))
    answer = service.get(
        "/latest/meta-data/instance-id",
        headers={"X-aws-ec2-metadata-token": token},
        environ_base={"REMOTE_ADDR": ADDRESS},
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("PUT", {"X_aws_ec2_metadata_token_ttl_seconds": str(LONGEST_SECONDS)}, 200),
        ("PUT", {"X_aws_ec2_metadata_token_ttl_seconds": str(LONGEST_SECONDS + 1)}, 400),
        ("PUT", {"X_aws_ec2_metadata_token_ttl_seconds": "0"}, 400),
        ("PUT", {"X_aws_ec2_metadata_token_ttl_seconds": "soon"}, 400),
        ("PUT", {}, 400),
        ("PUT", {"X_aws_ec2_metadata_token_ttl_seconds": "60", "X_Forwarded_For": "1.2.3.4"}, 403),
        ("GET", {"X_aws_ec2_metadata_token_ttl_seconds": "60"}, 405),
    ],
)
def test_asking_for_a_token(method: str, headers: dict[str, str], status: int) -> None:
    assert Service().ask("/latest/api/token", method, **headers).status_code == status


def test_tokens_expire() -> None:
    now = 100.0
    tokens = Tokens(lambda: now)
    token = tokens.issue("i-0123", 60)
    assert tokens.accepts(token, "i-0123")
    now = 160.0
    assert not tokens.accepts(token, "i-0123")


def test_an_unknown_address_gets_nothing() -> None:
    assert Service().token(address="10.40.1.99").status_code == 404


def test_a_disabled_endpoint_answers_403() -> None:
    service = Service(dataclasses.replace(INSTANCE, endpoint_enabled=False))
    assert service.token().status_code == 403


def test_versions() -> None:
    service = Service(dataclasses.replace(INSTANCE, tokens_required=False))
    assert "latest" in service.ask("/").text.splitlines()
    assert service.ask("/2021-03-23/meta-data/instance-id").text == "i-0123"
    assert service.ask("/2021-3-23/meta-data/instance-id").status_code == 404


def test_every_listed_path_can_be_read() -> None:
    def walk(path: str) -> None:
        contents = tree.read(INSTANCE, path)
        assert contents is not None, path
        if path in tree.paths(INSTANCE) or path.endswith("public-keys/"):
            return
        for entry in contents.decode().splitlines():
            walk(f"{path.rstrip('/')}/{entry}".lstrip("/"))

    walk("")
