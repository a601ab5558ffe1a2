"""EC2, as Terraform and the inventory see it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import Server

Launch = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def ec2(server: Server) -> Any:
    return server.client("ec2")


@pytest.fixture(scope="module")
def subnet(ec2: Any) -> str:
    vpc = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    made: str = ec2.create_subnet(VpcId=vpc, CidrBlock="10.40.1.0/24", AvailabilityZone="us-east-1a")["Subnet"][
        "SubnetId"
    ]
    return made


@pytest.fixture(scope="module")
def image(ec2: Any) -> str:
    found = ec2.describe_images(
        Owners=["136693071363"],
        Filters=[{"Name": "name", "Values": ["debian-12-amd64-*"]}, {"Name": "architecture", "Values": ["x86_64"]}],
    )["Images"]
    assert len(found) == 1
    identity: str = found[0]["ImageId"]
    return identity


@pytest.fixture(scope="module")
def launch(ec2: Any, subnet: str, image: str) -> Launch:
    def run(**options: Any) -> dict[str, Any]:
        options = {"ImageId": image, "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro", **options}
        if "NetworkInterfaces" not in options:
            options.setdefault("SubnetId", subnet)
        instance: dict[str, Any] = ec2.run_instances(**options)["Instances"][0]
        return instance

    return run


def test_no_aws_account_has_this_number(server: Server) -> None:
    assert server.client("sts").get_caller_identity()["Account"] == "000000000000"


def test_the_default_vpc_is_where_the_settings_say(server: Server, ec2: Any) -> None:
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    assert vpc["CidrBlock"] == server.settings.vpc_cidr_default
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
    whole = ipaddress.ip_network(vpc["CidrBlock"])
    assert len(subnets) == 6
    assert all(ipaddress.ip_network(each["CidrBlock"]).subnet_of(whole) for each in subnets)  # type: ignore[arg-type]


def test_the_default_vpc_is_on_the_internet(ec2: Any) -> None:
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    of_vpc = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}, {"Name": "association.main", "Values": ["true"]}]
    (table,) = ec2.describe_route_tables(Filters=of_vpc)["RouteTables"]
    attached = [{"Name": "attachment.vpc-id", "Values": [vpc["VpcId"]]}]
    (gateway,) = ec2.describe_internet_gateways(Filters=attached)["InternetGateways"]
    ways_out = {route["DestinationCidrBlock"]: route.get("GatewayId") for route in table["Routes"]}
    assert ways_out["0.0.0.0/0"] == gateway["InternetGatewayId"]


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("136693071363", "debian-12-amd64-*"),
        ("136693071363", "debian-13-amd64-*"),
        ("099720109477", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"),
        ("137112412989", "al2023-ami-2023.*-x86_64"),
    ],
)
def test_images(ec2: Any, owner: str, name: str) -> None:
    (found,) = ec2.describe_images(Owners=[owner], Filters=[{"Name": "name", "Values": [name]}])["Images"]
    assert (found["State"], found["VirtualizationType"], found["RootDeviceType"]) == ("available", "hvm", "ebs")


def test_an_unknown_image_is_refused(launch: Launch) -> None:
    with pytest.raises(ClientError, match="InvalidAMIID"):
        launch(ImageId="ami-00000000000000000")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"KeyName": "nobodys"}, "InvalidKeyPair.NotFound"),
        ({"UserData": "x" * 16385}, "InvalidParameterValue"),
        ({"InstanceType": "t3.gigantic"}, "InvalidParameterValue"),
    ],
)
def test_an_instance_that_cannot_start_is_refused(launch: Launch, options: dict[str, str], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        launch(**options)
    assert caught.value.response["Error"]["Code"] == code


def test_user_data_up_to_the_limit_is_accepted(launch: Launch) -> None:
    assert launch(UserData="x" * 16384)["InstanceId"]


def test_public_addresses_are_from_the_range(server: Server, ec2: Any, launch: Launch, subnet: str) -> None:
    whole = ipaddress.ip_network(server.settings.public_cidr)
    wanted = {"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": True}
    addresses = [launch(NetworkInterfaces=[dict(wanted)])["PublicIpAddress"] for _ in range(2)]
    addresses.append(ec2.allocate_address(Domain="vpc")["PublicIp"])
    assert len(set(addresses)) == 3
    assert all(ipaddress.ip_address(each) in whole for each in addresses)


def test_an_instance_gets_its_elastic_address(ec2: Any, launch: Launch) -> None:
    instance = launch()["InstanceId"]
    address = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=instance)
    (found,) = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"]
    assert found["PublicIpAddress"] == address["PublicIp"]


def test_a_private_address_is_free_after_termination(ec2: Any, launch: Launch) -> None:
    first = launch(PrivateIpAddress="10.40.1.77")
    with pytest.raises(ClientError, match=r"InvalidIPAddress\.InUse"):
        launch(PrivateIpAddress="10.40.1.77")
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        launch(PrivateIpAddress="10.41.1.77")
    ec2.terminate_instances(InstanceIds=[first["InstanceId"]])
    ec2.terminate_instances(InstanceIds=[first["InstanceId"]])
    second = launch(PrivateIpAddress="10.40.1.77")
    assert second["PrivateIpAddress"] == "10.40.1.77"


def test_an_interface_made_by_a_launch_is_deleted_with_the_instance(ec2: Any, launch: Launch) -> None:
    instance = launch()
    interface = instance["NetworkInterfaces"][0]["NetworkInterfaceId"]
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    with pytest.raises(ClientError, match="InvalidNetworkInterfaceID"):
        ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])


def test_an_interface_made_before_the_launch_stays(ec2: Any, launch: Launch, subnet: str) -> None:
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    instance = launch(NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": interface}])
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]


def test_an_instance_without_groups_shows_the_default_one(launch: Launch) -> None:
    assert [group["GroupName"] for group in launch()["SecurityGroups"]] == ["default"]


def test_a_rule_between_groups_keeps_its_description(ec2: Any, subnet: str) -> None:
    vpc = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="described", Description="d", VpcId=vpc)["GroupId"]
    source = {"GroupId": group, "Description": "from itself"}
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [source]}
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])["SecurityGroupRules"][0]
    (found,) = ec2.describe_security_group_rules(SecurityGroupRuleIds=[made["SecurityGroupRuleId"]])[
        "SecurityGroupRules"
    ]
    assert found["Description"] == "from itself"


def test_every_instance_of_a_launch_has_the_profile(server: Server, ec2: Any, image: str, subnet: str) -> None:
    iam = server.client("iam")
    iam.create_instance_profile(InstanceProfileName="of-all")
    launched = ec2.run_instances(
        ImageId=image, MinCount=2, MaxCount=2, SubnetId=subnet, IamInstanceProfile={"Name": "of-all"}
    )["Instances"]
    identities = [each["InstanceId"] for each in launched]
    found = ec2.describe_instances(InstanceIds=identities)["Reservations"][0]["Instances"]
    assert [each["IamInstanceProfile"]["Arn"].rpartition("/")[2] for each in found] == ["of-all", "of-all"]
    associations = ec2.describe_iam_instance_profile_associations(
        Filters=[{"Name": "instance-id", "Values": identities}]
    )["IamInstanceProfileAssociations"]
    assert {each["InstanceId"] for each in associations} == set(identities)


def test_detailed_monitoring(ec2: Any, launch: Launch) -> None:
    instance = launch()["InstanceId"]
    ec2.monitor_instances(InstanceIds=[instance])
    (found,) = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"]
    assert found["Monitoring"]["State"] == "enabled"
    ec2.unmonitor_instances(InstanceIds=[instance])
    (found,) = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"]
    assert found["Monitoring"]["State"] == "disabled"


def test_a_console_without_output_is_empty(ec2: Any, launch: Launch) -> None:
    assert ec2.get_console_output(InstanceId=launch()["InstanceId"])["Output"] == ""


@pytest.mark.parametrize("value", ["v" * 257, "{{ lookup('file', 'x') }}"])
def test_tags_that_ec2_refuses(ec2: Any, launch: Launch, value: str) -> None:
    instance = launch()["InstanceId"]
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        ec2.create_tags(Resources=[instance], Tags=[{"Key": "slipway:app", "Value": value}])
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        launch(TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "slipway:app", "Value": value}]}])


def test_the_51st_tag_is_refused(ec2: Any, launch: Launch) -> None:
    instance = launch()["InstanceId"]
    ec2.create_tags(Resources=[instance], Tags=[{"Key": f"k{number}", "Value": ""} for number in range(50)])
    with pytest.raises(ClientError, match="TagLimitExceeded"):
        ec2.create_tags(Resources=[instance], Tags=[{"Key": "one-more", "Value": ""}])


def test_a_tag_with_a_reserved_key_is_refused(ec2: Any, launch: Launch) -> None:
    tags = [{"Key": "aws:mine", "Value": ""}]
    with pytest.raises(ClientError, match="reserved for internal use"):
        ec2.create_tags(Resources=[launch()["InstanceId"]], Tags=tags)
    with pytest.raises(ClientError, match="reserved for internal use"):
        launch(TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])
