"""VPC, subnets, routes and security groups."""

from __future__ import annotations

from typing import Any

from slipway.aws_rules.shapes import TAGS, To, Type
from slipway.aws_rules.tables import placeholders


def _rule(group: str, name: str) -> Type:
    return Type(
        name,
        {
            "security_group_id": To("GroupId", unknown=placeholders.security_group),
            "description": To("Description"),
            "ip_protocol": To("IpProtocol"),
            "from_port": To("FromPort"),
            "to_port": To("ToPort"),
            "cidr_ipv4": To("CidrIp"),
            "cidr_ipv6": To("CidrIpv6"),
            "referenced_security_group_id": To(group, unknown=placeholders.other_security_group),
        },
    )


def _names_on_launch(properties: dict[str, Any]) -> dict[str, Any]:
    """CloudFormation has the names that instances of a subnet get in an object of its own."""
    names = {name: properties.pop(name) for name in list(properties) if name.startswith("EnableResourceName")}
    return properties | ({"PrivateDnsNameOptionsOnLaunch": names} if names else {})


TYPES = {
    "aws_vpc": Type(
        "AWS::EC2::VPC",
        {
            "cidr_block": To("CidrBlock"),
            "enable_dns_support": To("EnableDnsSupport"),
            "enable_dns_hostnames": To("EnableDnsHostnames"),
            "instance_tenancy": To("InstanceTenancy"),
            "tags_all": TAGS,
        },
    ),
    "aws_internet_gateway": Type("AWS::EC2::InternetGateway", {"tags_all": TAGS}),
    "aws_subnet": Type(
        "AWS::EC2::Subnet",
        {
            "vpc_id": To("VpcId", unknown=placeholders.vpc),
            "availability_zone": To("AvailabilityZone"),
            "cidr_block": To("CidrBlock"),
            "map_public_ip_on_launch": To("MapPublicIpOnLaunch"),
            "assign_ipv6_address_on_creation": To("AssignIpv6AddressOnCreation"),
            "enable_dns64": To("EnableDns64"),
            "ipv6_native": To("Ipv6Native"),
            "enable_resource_name_dns_a_record_on_launch": To("EnableResourceNameDnsARecord"),
            "enable_resource_name_dns_aaaa_record_on_launch": To("EnableResourceNameDnsAAAARecord"),
            "tags_all": TAGS,
        },
        finish=_names_on_launch,
    ),
    "aws_route_table": Type(
        "AWS::EC2::RouteTable", {"vpc_id": To("VpcId", unknown=placeholders.vpc), "tags_all": TAGS}
    ),
    "aws_route": Type(
        "AWS::EC2::Route",
        {
            "route_table_id": To("RouteTableId", unknown=placeholders.route_table),
            "destination_cidr_block": To("DestinationCidrBlock"),
            "gateway_id": To("GatewayId", unknown=placeholders.internet_gateway),
        },
    ),
    "aws_route_table_association": Type(
        "AWS::EC2::SubnetRouteTableAssociation",
        {
            "subnet_id": To("SubnetId", unknown=placeholders.subnet),
            "route_table_id": To("RouteTableId", unknown=placeholders.route_table),
        },
    ),
    "aws_security_group": Type(
        "AWS::EC2::SecurityGroup",
        {
            "name": To("GroupName"),
            "description": To("GroupDescription"),
            "vpc_id": To("VpcId", unknown=placeholders.vpc),
            "tags_all": TAGS,
        },
    ),
    "aws_vpc_security_group_ingress_rule": _rule("SourceSecurityGroupId", "AWS::EC2::SecurityGroupIngress"),
    "aws_vpc_security_group_egress_rule": _rule("DestinationSecurityGroupId", "AWS::EC2::SecurityGroupEgress"),
}
