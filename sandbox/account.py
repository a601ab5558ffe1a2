"""What `up` puts into the sandbox's fresh AWS account: key pair, state bucket, permissions boundary, a network."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from sandbox.server.files import write_private
from sandbox.settings import Settings

#: The most that a host may do. In AWS an administrator makes this policy, under this name.
BOUNDARY_FILE = Path(__file__).resolve().parent.parent / "terraform" / "policies" / "host-boundary.json"
BOUNDARY_NAME = "slipway-boundary"


def client(settings: Settings, service: str) -> Any:
    """A client for the sandbox's API that nothing in the environment can redirect."""
    session = boto3.Session(
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key,
        region_name=settings.region,
    )
    make: Any = session.client  # the stubs know one overload for each service, and here the name varies
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
    """Make the SSH key if it is missing and import it; whether anything was done."""
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
    """Make the bucket for Terraform's state, with versions, if it is missing; whether anything was done."""
    s3 = client(settings, "s3")
    if settings.state_bucket in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        return False
    s3.create_bucket(Bucket=settings.state_bucket)
    s3.put_bucket_versioning(Bucket=settings.state_bucket, VersioningConfiguration={"Status": "Enabled"})
    return True


def ensure_boundary(settings: Settings) -> bool:
    """Make the permissions boundary of hosts' roles if it is missing; whether anything was done."""
    iam = client(settings, "iam")
    if BOUNDARY_NAME in {policy["PolicyName"] for policy in iam.list_policies(Scope="Local")["Policies"]}:
        return False
    iam.create_policy(PolicyName=BOUNDARY_NAME, PolicyDocument=BOUNDARY_FILE.read_text(encoding="utf-8"))
    return True


def ensure_shared_network(settings: Settings) -> bool:
    """Make a VPC with one public subnet that Terraform did not make, if it is missing; whether anything was done.

    Blueprints with ``network.mode = "existing"`` find both by their Name tags.
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
        # Without a zone the API takes any, and us-east-1e does not offer the usual sizes.
        AvailabilityZone=f"{settings.region}a",
        TagSpecifications=tagged("subnet", settings.shared_subnet_name),
    )["Subnet"]["SubnetId"]
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    # Last, so that a network of which only a part was made is not taken for whole.
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": settings.shared_vpc_name}])
    return True
