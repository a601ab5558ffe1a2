"""RDS, SSM, and what the sandbox does not have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import Server


@pytest.fixture(scope="module")
def rds(server: Server) -> Any:
    return server.client("rds")


def create(rds: Any, identifier: str, **options: Any) -> dict[str, Any]:
    instance: dict[str, Any] = rds.create_db_instance(
        DBInstanceIdentifier=identifier,
        Engine="postgres",
        EngineVersion="16",
        DBInstanceClass="db.t3.micro",
        AllocatedStorage=20,
        MasterUsername="master",
        DBName="app",
        **{"ManageMasterUserPassword": True, **options},
    )["DBInstance"]
    return instance


def secret(server: Server, instance: dict[str, Any]) -> dict[str, str]:
    arn = instance["MasterUserSecret"]["SecretArn"]
    value: dict[str, str] = json.loads(server.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])
    return value


def test_a_database_is_ready_at_once_at_its_endpoint(rds: Any) -> None:
    instance = create(rds, "ready")
    assert instance["DBInstanceStatus"] == "available"
    assert instance["Endpoint"] == {"Address": "ready.aaaaaaaaaa.us-east-1.rds.amazonaws.com", "Port": 5432}
    assert instance["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"


def test_the_managed_secret_has_the_master_user_and_a_random_password(server: Server, rds: Any) -> None:
    values = [secret(server, create(rds, name)) for name in ("secret-one", "secret-two")]
    assert [set(each) for each in values] == [{"username", "password"}] * 2
    assert {each["username"] for each in values} == {"master"}
    passwords = {each["password"] for each in values}
    assert len(passwords) == 2
    assert all(len(each) == 28 and not set(each) & set("/@\"' ") for each in passwords)


@pytest.mark.parametrize("by", ["rds", "secretsmanager"])
def test_rotation_makes_a_new_password(server: Server, rds: Any, by: str) -> None:
    instance = create(rds, f"rotated-by-{by}")
    before = secret(server, instance)
    if by == "rds":
        rds.modify_db_instance(
            DBInstanceIdentifier=instance["DBInstanceIdentifier"], RotateMasterUserPassword=True, ApplyImmediately=True
        )
    else:
        server.client("secretsmanager").rotate_secret(SecretId=instance["MasterUserSecret"]["SecretArn"])
    after = secret(server, instance)
    assert (after["username"], after["password"] != before["password"]) == ("master", True)
    arn = instance["MasterUserSecret"]["SecretArn"]
    previous = server.client("secretsmanager").get_secret_value(SecretId=arn, VersionStage="AWSPREVIOUS")
    assert json.loads(previous["SecretString"]) == before


def test_the_secret_is_deleted_with_the_database(server: Server, rds: Any) -> None:
    instance = create(rds, "deleted")
    rds.delete_db_instance(DBInstanceIdentifier="deleted", SkipFinalSnapshot=True)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        secret(server, instance)


def test_instances_have_different_resource_ids(rds: Any) -> None:
    assert create(rds, "apart-one")["DbiResourceId"] != create(rds, "apart-two")["DbiResourceId"]


def test_a_parameter_that_was_set_has_the_source_user(rds: Any) -> None:
    rds.create_db_parameter_group(DBParameterGroupName="pg", DBParameterGroupFamily="postgres16", Description="d")
    changed = {"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName="pg", Parameters=[changed])
    (found,) = rds.describe_db_parameters(DBParameterGroupName="pg", Source="user")["Parameters"]
    assert (found["Source"], found["ParameterValue"]) == ("user", "1")


def _set(rds: Any, group: str, *parameters: tuple[str, str, str]) -> dict[str, tuple[str, str]]:
    """Set parameters (name, value, method); each set parameter's value and method afterwards."""
    names = ("ParameterName", "ParameterValue", "ApplyMethod")
    rds.modify_db_parameter_group(
        DBParameterGroupName=group, Parameters=[dict(zip(names, each)) for each in parameters]
    )
    found = rds.describe_db_parameters(DBParameterGroupName=group, Source="user")["Parameters"]
    return {each["ParameterName"]: (each["ParameterValue"], each["ApplyMethod"]) for each in found}


def test_the_apply_method_changes_only_with_the_value(rds: Any) -> None:
    """hashicorp/terraform-provider-aws#39252: else a second plan would be empty here, and in AWS it never is."""
    for name, family in (("default-ssl", "postgres16"), ("old-ssl", "postgres14")):
        rds.create_db_parameter_group(DBParameterGroupName=name, DBParameterGroupFamily=family, Description="d")
    ssl = "rds.force_ssl"
    # 1 is the default from PostgreSQL 15 on, and a change before.
    assert _set(rds, "default-ssl", (ssl, "1", "immediate")) == {ssl: ("1", "pending-reboot")}
    assert _set(rds, "old-ssl", (ssl, "1", "immediate")) == {ssl: ("1", "immediate")}
    assert _set(rds, "old-ssl", (ssl, "1", "pending-reboot")) == {ssl: ("1", "immediate")}
    assert _set(rds, "default-ssl", (ssl, "0", "immediate")) == {ssl: ("0", "immediate")}
    assert _set(rds, "default-ssl", (ssl, "1", "pending-reboot")) == {ssl: ("1", "pending-reboot")}


def test_a_static_parameter_refuses_immediate(rds: Any) -> None:
    rds.create_db_parameter_group(DBParameterGroupName="static", DBParameterGroupFamily="postgres16", Description="d")
    with pytest.raises(ClientError, match="cannot use immediate apply method for static parameter"):
        _set(rds, "static", ("max_connections", "50", "immediate"))
    assert _set(rds, "static", ("max_connections", "50", "pending-reboot")) == {
        "max_connections": ("50", "pending-reboot")
    }


def test_a_subnet_group_covers_two_zones(server: Server, rds: Any) -> None:
    """hashicorp/terraform-provider-aws#17373."""
    found = server.client("ec2").describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
    by_zone = {each["AvailabilityZone"]: each["SubnetId"] for each in found}
    one, two = list(by_zone.values())[:2]
    given = {"DBSubnetGroupName": "zones", "DBSubnetGroupDescription": "d"}
    with pytest.raises(ClientError, match="DBSubnetGroupDoesNotCoverEnoughAZs.*at least 2 AZs"):
        rds.create_db_subnet_group(**given, SubnetIds=[one])
    rds.create_db_subnet_group(**given, SubnetIds=[one, two])


def test_a_protected_database_is_not_deleted(rds: Any) -> None:
    """hashicorp/terraform-provider-aws#26233; terraform-aws-modules/terraform-aws-rds#445."""
    create(rds, "guarded", DeletionProtection=True)
    with pytest.raises(ClientError, match="Cannot delete protected DB Instance, please disable deletion protection"):
        rds.delete_db_instance(DBInstanceIdentifier="guarded", SkipFinalSnapshot=True)
    rds.modify_db_instance(DBInstanceIdentifier="guarded", DeletionProtection=False, ApplyImmediately=True)
    rds.create_db_snapshot(DBInstanceIdentifier="guarded", DBSnapshotIdentifier="taken")
    with pytest.raises(ClientError, match="DBSnapshotAlreadyExists"):
        rds.delete_db_instance(DBInstanceIdentifier="guarded", FinalDBSnapshotIdentifier="taken")
    rds.delete_db_instance(DBInstanceIdentifier="guarded", FinalDBSnapshotIdentifier="new")


def test_a_parameter_that_is_too_long_is_refused(server: Server) -> None:
    ssm = server.client("ssm")
    with pytest.raises(ClientError, match="Standard tier parameters support a maximum parameter value of 4096"):
        ssm.put_parameter(Name="/long", Value="x" * 4097, Type="SecureString")
    with pytest.raises(ClientError, match="ParameterNotFound"):
        ssm.get_parameter(Name="/long")
    ssm.put_parameter(Name="/long", Value="x" * 4097, Type="SecureString", Tier="Advanced")
    # A parameter stays in its tier.
    ssm.put_parameter(Name="/long", Value="y" * 8192, Type="SecureString", Overwrite=True)
    with pytest.raises(ClientError, match="maximum parameter value of 8192"):
        ssm.put_parameter(Name="/long", Value="y" * 8193, Type="SecureString", Overwrite=True)


def test_names_and_tags_of_parameters_that_are_refused(server: Server) -> None:
    ssm = server.client("ssm")
    with pytest.raises(ClientError, match="HierarchyLevelLimitExceeded"):
        ssm.put_parameter(Name="/" + "/".join("x" * 16), Value="x", Type="String")
    many = [{"Key": f"k{number}", "Value": ""} for number in range(51)]
    with pytest.raises(ClientError, match="TooManyTags"):
        ssm.put_parameter(Name="/tagged", Value="x", Type="String", Tags=many)
    ssm.put_parameter(Name="/tagged", Value="x", Type="String", Tags=many[:50])
    with pytest.raises(ClientError, match="TooManyTags"):
        ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="/tagged", Tags=many[50:])


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        pytest.param("ec2", "describe_fpga_images", {}, id="ec2"),
        pytest.param("ssm", "get_patch_baseline", {"BaselineId": "pb-0123456789abcdef0"}, id="json"),
        pytest.param("rds", "describe_source_regions", {}, id="query"),
        pytest.param("braket", "search_devices", {"filters": []}, id="unknown service"),
    ],
)
def test_an_unknown_action_is_refused_without_a_retry(
    server: Server, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(server.client(service), operation)(**parameters)
    assert caught.value.response["Error"]["Code"] == "UnsupportedOperation"
    assert "The sandbox does not have" in caught.value.response["Error"]["Message"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_the_log_names_operations_and_no_secret(server: Server, rds: Any) -> None:
    password = secret(server, create(rds, "logged"))["password"]
    server.client("ssm").put_parameter(Name="/logged", Value="API_KEY=do-not-log", Type="SecureString")
    log = server.log.read_text()
    assert "POST / rds:CreateDBInstance 200" in log
    assert "POST / ssm:PutParameter 200" in log
    assert password not in log
    assert "do-not-log" not in log
