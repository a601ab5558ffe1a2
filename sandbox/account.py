"""What `up` creates in the sandbox's new AWS account: key pair, state bucket, the project's policies, a network."""

from __future__ import annotations

import ipaddress
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from sandbox.files import write_private
from sandbox.project import Policy
from sandbox.settings import Settings


def client(settings: Settings, service: str) -> Any:
    """A client of the sandbox's API. Nothing in the environment can redirect it."""
    session = boto3.Session(
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key,
        region_name=settings.region,
    )
    make: Any = session.client  # boto3's types want the service's name as a literal
    limits = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 1}, proxies={})
    return make(service, endpoint_url=settings.api_url, config=limits)


def answers(settings: Settings) -> bool:
    """Whether the API answers as the sandbox's account."""
    try:
        account: str = client(settings, "sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError):
        return False
    return account == settings.account_id


def ensure_key_pair(settings: Settings) -> bool:
    """Make the SSH key if it is missing, and import it; return whether it was imported."""
    if settings.ssh_key.exists():
        key = serialization.load_ssh_private_key(settings.ssh_key.read_bytes(), password=None)
    else:
        key = ed25519.Ed25519PrivateKey.generate()
        write_private(
            settings.ssh_key,
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
            ),
        )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    write_private(settings.ssh_key.with_suffix(".pub"), public + b"\n", mode=0o644)
    ec2 = client(settings, "ec2")
    names = {pair["KeyName"] for pair in ec2.describe_key_pairs()["KeyPairs"]}
    if settings.key_pair_name in names:
        return False
    ec2.import_key_pair(KeyName=settings.key_pair_name, PublicKeyMaterial=public)
    return True


def ensure_state_bucket(settings: Settings) -> bool:
    """Create the bucket for Terraform's state, with versioning, if it is missing; return whether it was."""
    s3 = client(settings, "s3")
    if settings.state_bucket in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        return False
    s3.create_bucket(Bucket=settings.state_bucket)
    s3.put_bucket_versioning(Bucket=settings.state_bucket, VersioningConfiguration={"Status": "Enabled"})
    return True


def ensure_policy(settings: Settings, policy: Policy) -> bool:
    """Create a policy of the project if it is missing; return whether it was."""
    iam = client(settings, "iam")
    if policy.name in {each["PolicyName"] for each in iam.list_policies(Scope="Local")["Policies"]}:
        return False
    iam.create_policy(PolicyName=policy.name, PolicyDocument=policy.document.read_text(encoding="utf-8"))
    return True


def ensure_shared_network(settings: Settings) -> bool:
    """Create a VPC with a public subnet if it is missing; return whether it was.

    It stands for a network that exists before Terraform runs. Both have a Name tag by which they are found.
    """
    ec2 = client(settings, "ec2")
    named = [{"Name": "tag:Name", "Values": [settings.shared_vpc_name]}]
    if ec2.describe_vpcs(Filters=named)["Vpcs"]:
        return False

    def tagged(kind: str, name: str) -> list[dict[str, Any]]:
        return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]

    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    subnet_cidr = str(next(ipaddress.ip_network(settings.vpc_cidr_shared).subnets(new_prefix=24)))
    vpc = ec2.create_vpc(CidrBlock=settings.vpc_cidr_shared)["Vpc"]["VpcId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnet = ec2.create_subnet(
        VpcId=vpc,
        CidrBlock=subnet_cidr,
        # Without a zone the API chooses any, and us-east-1e does not offer the usual instance types.
        AvailabilityZone=f"{settings.region}a",
        TagSpecifications=tagged("subnet", settings.shared_subnet_name),
    )["Subnet"]["SubnetId"]
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    # Last: the tag marks a complete network, so an incomplete one is not taken for it.
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": settings.shared_vpc_name}])
    return True
