"""What `up` creates in a new account."""

from __future__ import annotations

import dataclasses

from sandbox import account
from sandbox.tests.server.conftest import Server


def test_the_shared_network_is_made_once(server: Server) -> None:
    assert account.ensure_shared_network(server.settings)
    assert not account.ensure_shared_network(server.settings)
    named = [{"Name": "tag:Name", "Values": [server.settings.shared_vpc_name]}]
    [vpc] = server.client("ec2").describe_vpcs(Filters=named)["Vpcs"]
    assert (vpc["CidrBlock"], vpc["IsDefault"]) == (server.settings.vpc_cidr_shared, False)


def test_a_host_in_the_shared_subnet_is_on_the_internet(server: Server) -> None:
    account.ensure_shared_network(server.settings)
    ec2 = server.client("ec2")
    named = [{"Name": "tag:Name", "Values": [server.settings.shared_subnet_name]}]
    [subnet] = ec2.describe_subnets(Filters=named)["Subnets"]
    assert subnet["MapPublicIpOnLaunch"]
    [table] = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [subnet["VpcId"]]}])["RouteTables"]
    ways_out = {route["DestinationCidrBlock"]: route["GatewayId"] for route in table["Routes"]}
    assert ways_out["0.0.0.0/0"].startswith("igw-")


def test_a_policy_of_the_project_is_made_once(server: Server) -> None:
    (boundary,) = server.settings.project.policies
    policy = dataclasses.replace(boundary, name="made-once")
    assert account.ensure_policy(server.settings, policy)
    assert not account.ensure_policy(server.settings, policy)
    arn = f"arn:aws:iam::{server.settings.account_id}:policy/{policy.name}"
    assert server.client("iam").get_policy(PolicyArn=arn)["Policy"]["PolicyName"] == "made-once"
