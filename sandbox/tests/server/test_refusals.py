"""Requests that AWS refuses are refused here, over HTTP, in AWS's words.

botocore's own check is off, as Terraform's SDK has none.
"""

from __future__ import annotations

import base64
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from . import planted
from .conftest import Server


@pytest.fixture(scope="module")
def unchecked(server: Server) -> Any:
    """Makes clients that send any value, also wrong ones."""
    settings = server.settings
    factory: Any = boto3.session.Session
    session = factory(
        region_name=settings.region, aws_access_key_id=settings.access_key, aws_secret_access_key=settings.secret_key
    )
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1}, proxies={})
    clients: dict[str, Any] = {}

    def make(service: str) -> Any:
        if service not in clients:
            clients[service] = session.client(service, endpoint_url=settings.api_url, config=config)
        return clients[service]

    return make


@pytest.fixture(scope="module")
def bucket(server: Server) -> Iterator[None]:
    s3 = server.client("s3")
    s3.create_bucket(Bucket=planted.BUCKET)
    yield
    s3.delete_bucket(Bucket=planted.BUCKET)


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code", "words"),
    planted.ALL,
    ids=[f"{service}-{code}-{number}" for number, (service, _, _, code, _) in enumerate(planted.ALL)],
)
def test_what_aws_refuses_is_refused(
    unchecked: Any, service: str, operation: str, parameters: dict[str, Any], code: str, words: str
) -> None:
    with pytest.raises(ClientError, match=words) as caught:
        getattr(unchecked(service), operation)(**parameters)
    assert caught.value.response["Error"]["Code"] == code
    # IAM's quotas are a conflict: ministryofjustice/analytical-platform#6873.
    status = 409 if code == "LimitExceeded" else 400
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def _send(server: Server, service: str, body: str, path: str = "/", method: str = "POST", **headers: str) -> str:
    """The answer to a request that no SDK would write. The operator's signature is not checked."""
    scope = f"{server.settings.access_key}/20260101/us-east-1/{service}/aws4_request"
    signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0", **headers}
    url = server.settings.api_url + path
    request = urllib.request.Request(url, body.encode(), signed, method=method)  # noqa: S310 - loopback
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request) as answer:
            text: str = answer.read().decode()
    except urllib.error.HTTPError as error:
        text = error.read().decode()
    return text


@pytest.mark.parametrize(
    ("service", "body", "words"),
    [
        ("ec2", "Action=DescribeVpcs&Version=2016-11-15&Colour=red", "The parameter Colour is not recognized"),
        ("ec2", "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.9.0.0/16&DryRun=perhaps", "InvalidParameterValue"),
        ("iam", "Action=GetRole&Version=2010-05-08&RoleName=r&Rolename=r", "no parameter 'Rolename'"),
        ("iam", "Action=ListRoles&Version=2010-05-08&MaxItems=many", "'many' at 'maxItems'"),
        (
            "rds",
            "Action=DescribeDBInstances&Version=2014-10-31&MaxRecords=all",
            "Invalid value all for parameter MaxRecords",
        ),
    ],
)
def test_a_form_that_no_sdk_writes_is_refused(server: Server, service: str, body: str, words: str) -> None:
    answer = _send(server, service, body, **{"Content-Type": "application/x-www-form-urlencoded"})
    assert words in answer


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"Name": "/a", "value": "x", "Type": "String"}', "no parameter 'value'"),
        ("[]", "SerializationException"),
        ("{", "SerializationException"),
        ('{"Name": ["/a"], "Value": "x"}', "can not be converted to a String"),
        ('{"Name": "/a", "Value": "x", "Tags": {"Key": "k"}}', "can not be converted to a List"),
    ],
)
def test_json_that_no_sdk_writes_is_refused(server: Server, body: str, words: str) -> None:
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.PutParameter"}
    assert words in _send(server, "ssm", body, **headers)


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize(
    ("body", "taken"),
    [
        ("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>", True),
        ("<VersioningConfiguration><Status>Enabled</Status><Colour>red</Colour></VersioningConfiguration>", False),
        ("<VersioningConfiguration>", False),
        ("", False),
    ],
)
def test_xml_that_no_sdk_writes_is_refused(server: Server, body: str, taken: bool) -> None:
    answer = _send(server, "s3", body, f"/{planted.BUCKET}?versioning", "PUT")
    assert (answer == "") == taken
    if not taken:
        assert ("MalformedXML" if body else "MissingRequestBodyError") in answer


def test_a_value_that_may_be_secret_is_not_repeated(unchecked: Any, server: Server) -> None:
    for service, operation, parameters in (
        ("ssm", "put_parameter", {"Name": "/a", "Value": "hunter2{{x}}", "Type": "SecureString"}),
        ("secretsmanager", "create_secret", {"Name": "a b", "SecretString": "hunter2"}),
        ("secretsmanager", "put_secret_value", {"SecretId": "s", "SecretString": "hunter2" * 10000}),
        ("rds", "modify_db_instance", {"DBInstanceIdentifier": "d", "MasterUserPassword": "hunter2@"}),
    ):
        with pytest.raises(ClientError) as caught:
            getattr(unchecked(service), operation)(**parameters)
        assert "hunter2" not in str(caught.value)
    assert "hunter2" not in server.log.read_text()


def test_user_data_is_measured_as_it_was_before_base64(unchecked: Any) -> None:
    with pytest.raises(ClientError, match="User data is limited to 16384 bytes"):
        unchecked("ec2").run_instances(
            ImageId="ami-1", MinCount=1, MaxCount=1, UserData=base64.b64encode(b"x" * 16385).decode()
        )
