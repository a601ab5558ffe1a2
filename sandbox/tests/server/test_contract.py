"""What the contract says of the API's state: the data that `sandbox.machine` reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import Server


@pytest.fixture(scope="module")
def vpc(server: Server) -> str:
    made: str = server.client("ec2").create_vpc(CidrBlock="10.44.0.0/16")["Vpc"]["VpcId"]
    return made


@pytest.fixture(scope="module")
def subnets(server: Server, vpc: str) -> list[str]:
    ec2 = server.client("ec2")
    zones = {"10.44.1.0/24": "us-east-1a", "10.44.2.0/24": "us-east-1b"}
    return [
        ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for cidr, zone in zones.items()
    ]


def seen(server: Server, kind: str, key: str, value: str) -> dict[str, Any]:
    (found,) = (each for each in server.state()[kind] if each[key] == value)
    return found


def test_the_gateway_of_a_vpc_is_its_first_address(server: Server, vpc: str) -> None:
    assert seen(server, "vpcs", "vpc_id", vpc) == {
        "vpc_id": vpc,
        "cidr": "10.44.0.0/16",
        "gateway": "10.44.0.1",
    }


def test_an_instance_from_launch_to_termination(server: Server, vpc: str, subnets: list[str]) -> None:
    ec2 = server.client("ec2")
    (image,) = ec2.describe_images(Filters=[{"Name": "name", "Values": ["debian-12-amd64-*"]}])["Images"]
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    interface = {"DeviceIndex": 0, "SubnetId": subnets[0], "Groups": [group], "AssociatePublicIpAddress": True}
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web"}]}]
    launched = ec2.run_instances(
        ImageId=image["ImageId"],
        MinCount=1,
        MaxCount=1,
        InstanceType="t3.micro",
        NetworkInterfaces=[interface],
        TagSpecifications=tags,
    )["Instances"][0]
    identity = launched["InstanceId"]

    assert seen(server, "instances", "instance_id", identity) == {
        "instance_id": identity,
        "vpc_id": vpc,
        "private_ip": launched["PrivateIpAddress"],
        "public_ip": launched["PublicIpAddress"],
        "state": "running",
        "security_group_ids": [group],
        "launch_index": 0,
        "image_id": image["ImageId"],
        "image_name": image["Name"],
        "instance_type": "t3.micro",
        "private_dns_name": launched["PrivateDnsName"],
        "tags": {"Name": "web"},
        "reboots": 0,
    }
    ec2.reboot_instances(InstanceIds=[identity])
    assert seen(server, "instances", "instance_id", identity)["reboots"] == 1
    ec2.stop_instances(InstanceIds=[identity])
    stopped = seen(server, "instances", "instance_id", identity)
    assert (stopped["state"], stopped["public_ip"]) == ("stopped", None)
    ec2.start_instances(InstanceIds=[identity])
    started = seen(server, "instances", "instance_id", identity)
    assert (started["state"], started["private_ip"]) == ("running", launched["PrivateIpAddress"])
    assert started["public_ip"] not in (None, launched["PublicIpAddress"]), "EC2 gives a new address"
    ec2.terminate_instances(InstanceIds=[identity])
    assert seen(server, "instances", "instance_id", identity)["state"] == "terminated"


def test_a_database_has_the_current_password(server: Server, vpc: str, subnets: list[str]) -> None:
    rds, manager = server.client("rds"), server.client("secretsmanager")
    rds.create_db_subnet_group(DBSubnetGroupName="world", DBSubnetGroupDescription="d", SubnetIds=subnets)
    instance = rds.create_db_instance(
        DBInstanceIdentifier="world-db",
        Engine="postgres",
        EngineVersion="16",
        DBInstanceClass="db.t3.micro",
        AllocatedStorage=20,
        MasterUsername="master",
        ManageMasterUserPassword=True,
        DBName="app",
        DBSubnetGroupName="world",
    )["DBInstance"]
    arn = instance["MasterUserSecret"]["SecretArn"]

    def password() -> str:
        value: str = json.loads(manager.get_secret_value(SecretId=arn)["SecretString"])["password"]
        return value

    database = seen(server, "databases", "identifier", "world-db")
    assert database == {
        "identifier": "world-db",
        "vpc_id": vpc,
        "hostname": instance["Endpoint"]["Address"],
        "port": 5432,
        "engine": "postgres",
        "engine_version": "16",
        "name": "app",
        "master_username": "master",
        "master_password": password(),
        "state": "available",
        "security_group_ids": [each["VpcSecurityGroupId"] for each in instance["VpcSecurityGroups"]],
    }
    manager.rotate_secret(SecretId=arn)
    assert seen(server, "databases", "identifier", "world-db")["master_password"] == password()
    manager.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    assert seen(server, "databases", "identifier", "world-db")["master_password"] == ""
    rds.delete_db_instance(DBInstanceIdentifier="world-db", SkipFinalSnapshot=True)
    assert "world-db" not in [each["identifier"] for each in server.state()["databases"]]


def test_a_database_with_a_given_password_in_the_default_vpc(server: Server) -> None:
    server.client("rds").create_db_instance(
        DBInstanceIdentifier="plain-db",
        Engine="postgres",
        DBInstanceClass="db.t3.micro",
        AllocatedStorage=20,
        MasterUsername="master",
        MasterUserPassword="chosen-by-hand",
    )
    database = seen(server, "databases", "identifier", "plain-db")
    assert (database["master_password"], database["name"]) == ("chosen-by-hand", None)
    networks = {each["vpc_id"]: each["cidr"] for each in server.state()["vpcs"]}
    assert networks[database["vpc_id"]] == server.settings.vpc_cidr_default


def test_a_console_is_shown_by_the_api(server: Server, subnets: list[str]) -> None:
    ec2 = server.client("ec2")
    (image,) = ec2.describe_images(Filters=[{"Name": "name", "Values": ["debian-12-amd64-*"]}])["Images"]
    launched = ec2.run_instances(ImageId=image["ImageId"], MinCount=1, MaxCount=1, SubnetId=subnets[0])
    identity = launched["Instances"][0]["InstanceId"]
    server.state(f"console {identity}")
    output = ec2.get_console_output(InstanceId=identity)["Output"]
    assert len(output) == 64 * 1024
    assert output.endswith("a console\n")


@pytest.mark.parametrize("at", ["instance", "interface"])
def test_groups_can_be_changed_at_the_instance_and_at_its_interface(
    server: Server, vpc: str, subnets: list[str], at: str
) -> None:
    ec2 = server.client("ec2")
    (image,) = ec2.describe_images(Filters=[{"Name": "name", "Values": ["debian-12-amd64-*"]}])["Images"]
    launched = ec2.run_instances(ImageId=image["ImageId"], MinCount=1, MaxCount=1, SubnetId=subnets[0])["Instances"][0]
    group = ec2.create_security_group(GroupName=f"at-{at}", Description="x", VpcId=vpc)["GroupId"]
    identity, (interface,) = launched["InstanceId"], launched["NetworkInterfaces"]
    if at == "instance":
        ec2.modify_instance_attribute(InstanceId=identity, Groups=[group])
    else:
        ec2.modify_network_interface_attribute(NetworkInterfaceId=interface["NetworkInterfaceId"], Groups=[group])
    assert seen(server, "instances", "instance_id", identity)["security_group_ids"] == [group]
    (found,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface["NetworkInterfaceId"]])[
        "NetworkInterfaces"
    ]
    assert [each["GroupId"] for each in found["Groups"]] == [group]
    ec2.terminate_instances(InstanceIds=[identity])


def test_an_image_of_an_instance_is_available_once_its_content_is_stored(
    server: Server, vpc: str, subnets: list[str]
) -> None:
    ec2 = server.client("ec2")
    (debian,) = ec2.describe_images(Filters=[{"Name": "name", "Values": ["debian-12-amd64-*"]}])["Images"]
    launched = ec2.run_instances(ImageId=debian["ImageId"], MinCount=1, MaxCount=1, SubnetId=subnets[0])["Instances"][0]
    identity = ec2.create_image(InstanceId=launched["InstanceId"], Name="prepared")["ImageId"]
    pending = {"image_id": identity, "instance_id": launched["InstanceId"], "available": False}
    assert seen(server, "machine_images", "image_id", identity) == pending
    assert ec2.describe_images(ImageIds=[identity])["Images"][0]["State"] == "pending"
    server.state(f"image {identity}")
    assert ec2.describe_images(ImageIds=[identity])["Images"][0]["State"] == "available"
    ec2.terminate_instances(InstanceIds=[launched["InstanceId"]])
