"""What a role's credentials may do, through the API and the metadata service."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from http.client import HTTPConnection
from typing import Any

import botocore.auth
import pytest
from botocore.exceptions import ClientError

from .conftest import Server

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@dataclass(frozen=True)
class Role:
    """A role with the policies of a test, and its credentials."""

    server: Server
    name: str
    keys: dict[str, str]

    def client(self, service: str, **changes: str) -> Any:
        return self.server.client(service, **{**self.keys, **changes})


@pytest.fixture
def assume(server: Server) -> Callable[..., Role]:
    def make(*statements: dict[str, Any], **options: Any) -> Role:
        name = f"role-{uuid.uuid4().hex[:12]}"
        iam = server.client("iam")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            iam.put_role_policy(RoleName=name, PolicyName="test", PolicyDocument=document)
        arn = f"arn:aws:iam::000000000000:role/{name}"
        given = server.client("sts").assume_role(RoleArn=arn, RoleSessionName="test", **options)["Credentials"]
        keys = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
        return Role(server, name, keys)

    return make


@pytest.fixture(scope="module")
def bucket(server: Server) -> str:
    s3 = server.client("s3")
    s3.create_bucket(Bucket="roles-bucket")
    s3.put_bucket_versioning(Bucket="roles-bucket", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="roles-bucket", Key="releases/app.zip", Body=b"archive")
    s3.put_object(Bucket="roles-bucket", Key="other/a b+c é.txt", Body=b"text")
    return "roles-bucket"


@pytest.fixture(scope="module")
def parameters(server: Server) -> None:
    ssm = server.client("ssm")
    for name in ("/slipway/test/app/env", "/slipway/test/other/env", "plain"):
        ssm.put_parameter(Name=name, Value="A=1", Type="SecureString")


def allow(action: str | list[str], resource: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def parameter_arn(name: str) -> str:
    return f"arn:aws:ssm:us-east-1:000000000000:parameter/{name}"


def refused(call: Callable[..., Any], *codes: str, **parameters: Any) -> str:
    """Makes the call, which must be refused with one of the codes; the message."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    assert caught.value.response["Error"]["Code"] in codes
    message: str = caught.value.response["Error"].get("Message", "")
    return message


def test_a_role_knows_itself_without_a_permission(assume: Callable[..., Role]) -> None:
    role = assume()
    assert role.client("sts").get_caller_identity()["Arn"].endswith(f":assumed-role/{role.name}/test")


@pytest.mark.usefixtures("parameters")
def test_a_parameter_is_read_by_its_own_arn(assume: Callable[..., Role]) -> None:
    ssm = assume(allow("ssm:GetParameter", parameter_arn("slipway/test/app/env"))).client("ssm")
    assert ssm.get_parameter(Name="/slipway/test/app/env", WithDecryption=True)["Parameter"]["Value"] == "A=1"
    assert ssm.get_parameter(Name=parameter_arn("slipway/test/app/env"))["Parameter"]["Version"] == 1
    assert ssm.get_parameter(Name="/slipway/test/app/env:1")["Parameter"]["Version"] == 1
    message = refused(ssm.get_parameter, "AccessDeniedException", Name="/slipway/test/other/env")
    assert (
        "is not authorized to perform: ssm:GetParameter on resource: " + parameter_arn("slipway/test/other/env")
        in message
    )
    refused(ssm.get_parameter, "AccessDeniedException", Name="plain")
    refused(ssm.put_parameter, "AccessDeniedException", Name="/slipway/test/app/env", Value="B=1", Overwrite=True)
    refused(ssm.get_parameters, "AccessDeniedException", Names=["/slipway/test/app/env"])


@pytest.mark.usefixtures("parameters")
def test_of_several_parameters_all_must_be_allowed(assume: Callable[..., Role]) -> None:
    ssm = assume(allow("ssm:GetParameters", [parameter_arn("slipway/test/app/env"), parameter_arn("plain")])).client(
        "ssm"
    )
    assert len(ssm.get_parameters(Names=["/slipway/test/app/env", "plain"])["Parameters"]) == 2
    names = ["/slipway/test/app/env", "/slipway/test/other/env"]
    refused(ssm.get_parameters, "AccessDeniedException", Names=names)


def test_a_parameter_with_a_customer_key_needs_a_permission_for_the_key(
    server: Server, assume: Callable[..., Role]
) -> None:
    key = server.client("kms").create_key()["KeyMetadata"]
    server.client("ssm").put_parameter(Name="/own/key", Value="x", Type="SecureString", KeyId=key["KeyId"])
    reading = allow("ssm:GetParameter", parameter_arn("own/key"))
    ssm = assume(reading).client("ssm")
    assert ssm.get_parameter(Name="/own/key")["Parameter"]
    refused(ssm.get_parameter, "AccessDeniedException", Name="/own/key", WithDecryption=True)
    through = {"StringEquals": {"kms:ViaService": "ssm.us-east-1.amazonaws.com"}}
    ssm = assume(reading, allow("kms:Decrypt", key["Arn"], Condition=through)).client("ssm")
    assert ssm.get_parameter(Name="/own/key", WithDecryption=True)["Parameter"]["Value"] == "x"


def test_objects_below_a_prefix(assume: Callable[..., Role], bucket: str) -> None:
    s3 = assume(allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{bucket}/releases/*")).client("s3")
    assert s3.get_object(Bucket=bucket, Key="releases/app.zip")["Body"].read() == b"archive"
    version = s3.head_object(Bucket=bucket, Key="releases/app.zip")["VersionId"]
    refused(s3.get_object, "AccessDenied", Bucket=bucket, Key="releases/app.zip", VersionId=version)
    refused(s3.get_object, "AccessDenied", Bucket=bucket, Key="other/a b+c é.txt")
    refused(s3.head_object, "403", Bucket=bucket, Key="other/a b+c é.txt")
    refused(s3.delete_object, "AccessDenied", Bucket=bucket, Key="releases/app.zip")
    refused(s3.list_objects_v2, "AccessDenied", Bucket=bucket)
    source = {"Bucket": bucket, "Key": "other/a b+c é.txt"}
    refused(s3.copy_object, "AccessDenied", Bucket=bucket, Key="releases/copy", CopySource=source)


def test_versions_and_listings_need_their_own_permissions(assume: Callable[..., Role], bucket: str) -> None:
    listing = allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", Condition={"StringLike": {"s3:prefix": "releases/*"}})
    s3 = assume(listing, allow("s3:GetObjectVersion", f"arn:aws:s3:::{bucket}/*")).client("s3")
    found = s3.list_objects_v2(Bucket=bucket, Prefix="releases/")["Contents"]
    assert [each["Key"] for each in found] == ["releases/app.zip"]
    refused(s3.list_objects_v2, "AccessDenied", Bucket=bucket)
    refused(s3.get_object, "AccessDenied", Bucket=bucket, Key="releases/app.zip")


def test_without_the_list_permission_a_missing_object_is_not_revealed(assume: Callable[..., Role], bucket: str) -> None:
    reading = allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*")
    s3 = assume(reading).client("s3")
    assert "s3:ListBucket" in refused(s3.get_object, "AccessDenied", Bucket=bucket, Key="missing")
    refused(s3.head_object, "403", Bucket=bucket, Key="missing")
    s3 = assume(reading, allow("s3:ListBucket", f"arn:aws:s3:::{bucket}")).client("s3")
    refused(s3.get_object, "NoSuchKey", Bucket=bucket, Key="missing")
    refused(s3.head_object, "404", Bucket=bucket, Key="missing")
    refused(s3.get_object, "AccessDenied", Bucket="no-such-bucket-here", Key="missing")


def test_signatures_of_odd_keys_and_of_bodies(assume: Callable[..., Role], bucket: str) -> None:
    s3 = assume(allow("s3:*", f"arn:aws:s3:::{bucket}/*")).client("s3")
    key = "other/ü/a%20b ~(1)'+=&?.txt"
    s3.put_object(Bucket=bucket, Key=key, Body=b"x" * 100_000)
    assert s3.get_object(Bucket=bucket, Key=key)["ContentLength"] == 100_000
    s3.delete_object(Bucket=bucket, Key=key)


def test_a_bucket_policy_limits_roles(server: Server, assume: Callable[..., Role]) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket="bound-bucket")
    everything = "arn:aws:s3:::bound-bucket/*"
    role = assume(allow("s3:*", everything))
    stranger = assume()
    arn = f"arn:aws:iam::000000000000:role/{stranger.name}"
    policy = [
        {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": everything},
        {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "s3:PutObject", "Resource": everything},
    ]
    s3.put_bucket_policy(Bucket="bound-bucket", Policy=json.dumps({"Version": "2012-10-17", "Statement": policy}))
    role.client("s3").put_object(Bucket="bound-bucket", Key="k", Body=b"")
    refused(role.client("s3").delete_object, "AccessDenied", Bucket="bound-bucket", Key="k")
    stranger.client("s3").put_object(Bucket="bound-bucket", Key="k", Body=b"")
    refused(stranger.client("s3").get_object, "AccessDenied", Bucket="bound-bucket", Key="k")


def test_secrets(server: Server, assume: Callable[..., Role]) -> None:
    manager = server.client("secretsmanager")
    arn = manager.create_secret(Name="roles/one", SecretString="1")["ARN"]
    manager.create_secret(Name="roles/two", SecretString="2")
    mine = assume(allow("secretsmanager:GetSecretValue", arn)).client("secretsmanager")
    assert mine.get_secret_value(SecretId="roles/one")["SecretString"] == "1"
    assert mine.get_secret_value(SecretId=arn)["SecretString"] == "1"
    refused(mine.get_secret_value, "AccessDeniedException", SecretId="roles/two")
    refused(mine.describe_secret, "AccessDeniedException", SecretId="roles/one")


def test_keys(server: Server, assume: Callable[..., Role]) -> None:
    kms = server.client("kms")
    one, two = (kms.create_key()["KeyMetadata"] for _ in range(2))
    mine = assume(allow(["kms:Encrypt", "kms:Decrypt"], one["Arn"])).client("kms")
    sealed = mine.encrypt(KeyId=one["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert mine.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    foreign = kms.encrypt(KeyId=two["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    refused(mine.decrypt, "AccessDeniedException", CiphertextBlob=foreign)
    refused(mine.encrypt, "AccessDeniedException", KeyId=two["KeyId"], Plaintext=b"x")


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("ec2", "describe_instances", "UnauthorizedOperation"),
        ("rds", "describe_db_instances", "AccessDenied"),
        ("iam", "list_roles", "AccessDenied"),
        ("secretsmanager", "list_secrets", "AccessDeniedException"),
        ("logs", "describe_log_groups", "AccessDeniedException"),
        ("s3", "list_buckets", "AccessDenied"),
    ],
)
def test_each_protocol_has_its_own_denial(assume: Callable[..., Role], service: str, operation: str, code: str) -> None:
    refused(getattr(assume().client(service), operation), code)


def test_a_managed_policy_counts(server: Server, assume: Callable[..., Role]) -> None:
    role = assume()
    ec2 = role.client("ec2")
    refused(ec2.describe_instances, "UnauthorizedOperation")
    arn = "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"
    server.client("iam").attach_role_policy(RoleName=role.name, PolicyArn=arn)
    assert "Reservations" in ec2.describe_instances()


def test_a_session_policy_narrows(assume: Callable[..., Role], bucket: str) -> None:
    narrow = {"Version": "2012-10-17", "Statement": allow("s3:GetObject", f"arn:aws:s3:::{bucket}/releases/*")}
    s3 = assume(allow("s3:*", "*"), Policy=json.dumps(narrow)).client("s3")
    assert s3.get_object(Bucket=bucket, Key="releases/app.zip")
    refused(s3.list_objects_v2, "AccessDenied", Bucket=bucket)


def test_a_permissions_boundary_narrows(server: Server, assume: Callable[..., Role], bucket: str) -> None:
    iam = server.client("iam")
    narrow = {"Version": "2012-10-17", "Statement": [allow("s3:GetObject", f"arn:aws:s3:::{bucket}/releases/*")]}
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=json.dumps(narrow))["Policy"]["Arn"]
    role = assume(allow("s3:*", "*"))
    iam.put_role_permissions_boundary(RoleName=role.name, PermissionsBoundary=boundary)
    s3 = role.client("s3")
    assert s3.get_object(Bucket=bucket, Key="releases/app.zip")
    refused(s3.list_objects_v2, "AccessDenied", Bucket=bucket)


def test_a_deleted_role_is_allowed_nothing(server: Server, assume: Callable[..., Role], bucket: str) -> None:
    role = assume(allow("s3:*", "*"))
    iam = server.client("iam")
    iam.delete_role_policy(RoleName=role.name, PolicyName="test")
    iam.delete_role(RoleName=role.name)
    refused(role.client("s3").list_objects_v2, "AccessDenied", Bucket=bucket)


@pytest.mark.usefixtures("parameters")
def test_forged_credentials_are_refused(assume: Callable[..., Role], bucket: str) -> None:
    role = assume(allow("*", "*"))
    name = "/slipway/test/app/env"
    ssm = role.client("ssm", aws_secret_access_key="wrong")
    refused(ssm.get_parameter, "SignatureDoesNotMatch", Name=name)
    ssm = role.client("ssm", aws_session_token="wrong")
    refused(ssm.get_parameter, "UnrecognizedClientException", Name=name)
    ssm = role.client("ssm", aws_access_key_id="ASIAUNKNOWNUNKNOWN00")
    refused(ssm.get_parameter, "UnrecognizedClientException", Name=name)
    s3 = role.client("s3", aws_session_token="wrong")
    refused(s3.list_objects_v2, "InvalidToken", Bucket=bucket)
    refused(role.client("sts", aws_session_token="wrong").get_caller_identity, "InvalidClientTokenId")


def test_an_instance_gets_its_own_roles_credentials(server: Server, assume: Callable[..., Role]) -> None:
    """The metadata service knows an instance by its address. On loopback a test can use any address of 127.0.0.0/8."""
    role = assume(allow("s3:ListAllMyBuckets", "*"))
    iam, ec2 = server.client("iam"), server.client("ec2")
    iam.create_instance_profile(InstanceProfileName=role.name)
    iam.add_role_to_instance_profile(InstanceProfileName=role.name, RoleName=role.name)
    vpc = ec2.create_vpc(CidrBlock="127.40.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="127.40.1.0/24")["Subnet"]["SubnetId"]
    (image,) = ec2.describe_images(Filters=[{"Name": "name", "Values": ["debian-12-amd64-*"]}])["Images"]
    instance = ec2.run_instances(
        ImageId=image["ImageId"],
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet,
        UserData="#cloud-config\n",
        IamInstanceProfile={"Name": role.name},
        MetadataOptions={"HttpTokens": "required"},
    )["Instances"][0]

    def ask(method: str, path: str, **headers: str) -> tuple[int, str]:
        source = (instance["PrivateIpAddress"], 0)
        connection = HTTPConnection("127.0.0.1", server.settings.imds_port, timeout=5, source_address=source)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"/latest/{path}", headers=named)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    assert ask("GET", "meta-data/instance-id")[0] == 401
    _, token = ask("PUT", "api/token", X_aws_ec2_metadata_token_ttl_seconds="60")
    assert ask("GET", "user-data", X_aws_ec2_metadata_token=token) == (200, "#cloud-config\n")
    path = f"meta-data/iam/security-credentials/{role.name}"
    found = json.loads(ask("GET", path, X_aws_ec2_metadata_token=token)[1])
    assert json.loads(ask("GET", path, X_aws_ec2_metadata_token=token)[1]) == found, "made anew for each request"
    keys = {
        "aws_access_key_id": found["AccessKeyId"],
        "aws_secret_access_key": found["SecretAccessKey"],
        "aws_session_token": found["Token"],
    }
    identity = server.client("sts", **keys).get_caller_identity()["Arn"]
    assert identity.endswith(f":assumed-role/{role.name}/{instance['InstanceId']}")
    assert "Buckets" in server.client("s3", **keys).list_buckets()
    refused(server.client("ec2", **keys).describe_instances, "UnauthorizedOperation")

    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert ask("PUT", "api/token", X_aws_ec2_metadata_token_ttl_seconds="60")[0] == 404


@pytest.mark.parametrize("minutes", [-20, 20])
@pytest.mark.parametrize(
    ("service", "call", "said"),
    [
        ("s3", "list_buckets", "RequestTimeTooSkewed"),
        ("ssm", "describe_parameters", "InvalidSignatureException.*Signature"),
        ("sts", "get_caller_identity", "SignatureDoesNotMatch.*Signature"),
    ],
)
def test_a_clock_that_is_wrong_by_minutes_is_refused(
    assume: Callable[..., Role], monkeypatch: pytest.MonkeyPatch, service: str, call: str, said: str, minutes: int
) -> None:
    allowed = {"Effect": "Allow", "Action": ["s3:*", "ssm:*"], "Resource": "*"}
    client = assume(allowed).client(service)
    getattr(client, call)()
    wrong = datetime.now(timezone.utc) + timedelta(minutes=minutes)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda **_: wrong.replace(tzinfo=None))
    with pytest.raises(ClientError, match=said):
        getattr(client, call)()
