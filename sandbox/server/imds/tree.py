"""The tree of paths that the metadata service answers (EC2 User Guide, "Instance metadata categories")."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Credentials:
    """Temporary credentials of a role."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    token: str = field(repr=False)
    issued: datetime
    expires: datetime

    def document(self) -> str:
        """The JSON that SDKs read."""
        return json.dumps(
            {
                "Code": "Success",
                "LastUpdated": f"{self.issued:%Y-%m-%dT%H:%M:%SZ}",
                "Type": "AWS-HMAC",
                "AccessKeyId": self.access_key_id,
                "SecretAccessKey": self.secret_access_key,
                "Token": self.token,
                "Expiration": f"{self.expires:%Y-%m-%dT%H:%M:%SZ}",
            },
            indent=2,
        )


@dataclass(frozen=True)
class Role:
    """The role of an instance's profile, with the instance's own credentials."""

    name: str
    profile_arn: str
    profile_id: str
    credentials: Credentials


@dataclass(frozen=True)
class InstanceMetadata:
    """What the metadata service knows of an instance."""

    instance_id: str
    account_id: str
    region: str
    availability_zone: str
    image_id: str
    instance_type: str
    architecture: str
    launch_index: int
    launched: datetime
    reservation_id: str
    private_ip: str
    private_dns_name: str
    public_ip: str | None
    public_dns_name: str | None
    mac: str
    interface_id: str
    subnet_id: str
    subnet_cidr: str
    vpc_id: str
    vpc_cidr: str
    security_groups: Mapping[str, str]
    tokens_required: bool
    endpoint_enabled: bool
    user_data: bytes | None = None
    key_name: str | None = None
    public_key: str | None = None
    role: Role | None = None
    #: None if the instance does not allow tags in its metadata.
    tags: Mapping[str, str] | None = None


def paths(instance: InstanceMetadata) -> dict[str, bytes]:
    """Every path below the version, without a leading slash, with its contents."""
    metadata = {
        "ami-id": instance.image_id,
        "ami-launch-index": str(instance.launch_index),
        "hostname": instance.private_dns_name,
        "instance-action": "none",
        "instance-id": instance.instance_id,
        "instance-life-cycle": "on-demand",
        "instance-type": instance.instance_type,
        "local-hostname": instance.private_dns_name,
        "local-ipv4": instance.private_ip,
        "mac": instance.mac,
        "placement/availability-zone": instance.availability_zone,
        "placement/region": instance.region,
        "profile": "default-hvm",
        "reservation-id": instance.reservation_id,
        "security-groups": "\n".join(instance.security_groups.values()),
        "services/domain": "amazonaws.com",
        "services/partition": "aws",
        **_interface(instance),
        **_public(instance),
        **_role(instance),
        **{f"tags/instance/{key}": value for key, value in (instance.tags or {}).items()},
    }
    if instance.public_key:
        metadata["public-keys/0/openssh-key"] = instance.public_key
    tree = {f"meta-data/{path}": value.encode() for path, value in metadata.items()}
    tree["dynamic/instance-identity/document"] = _identity(instance).encode()
    if instance.user_data is not None:
        tree["user-data"] = instance.user_data
    return tree


def read(instance: InstanceMetadata, path: str) -> bytes | None:
    """The content at *path*, below the version: a value, a list of the entries below it, or None for 404."""
    tree = paths(instance)
    if path in tree:
        return tree[path]
    prefix = f"{path.rstrip('/')}/" if path else ""
    if prefix == "meta-data/public-keys/" and instance.public_key:
        # EC2 lists its keys as number=name, and the names are not paths.
        return f"0={instance.key_name}".encode()
    below = [each[len(prefix) :] for each in tree if each.startswith(prefix)]
    entries = sorted({name + slash for name, slash, _ in (each.partition("/") for each in below)})
    return "\n".join(entries).encode() if entries else None


def _interface(instance: InstanceMetadata) -> dict[str, str]:
    values = {
        "device-number": "0",
        "interface-id": instance.interface_id,
        "local-hostname": instance.private_dns_name,
        "local-ipv4s": instance.private_ip,
        "mac": instance.mac,
        "owner-id": instance.account_id,
        "security-group-ids": "\n".join(instance.security_groups),
        "security-groups": "\n".join(instance.security_groups.values()),
        "subnet-id": instance.subnet_id,
        "subnet-ipv4-cidr-block": instance.subnet_cidr,
        "vpc-id": instance.vpc_id,
        "vpc-ipv4-cidr-block": instance.vpc_cidr,
        "vpc-ipv4-cidr-blocks": instance.vpc_cidr,
    }
    if instance.public_ip:
        values["public-ipv4s"] = instance.public_ip
        values["public-hostname"] = instance.public_dns_name or ""
    return {f"network/interfaces/macs/{instance.mac}/{path}": value for path, value in values.items()}


def _public(instance: InstanceMetadata) -> dict[str, str]:
    if not instance.public_ip:
        return {}
    return {"public-ipv4": instance.public_ip, "public-hostname": instance.public_dns_name or ""}


def _role(instance: InstanceMetadata) -> dict[str, str]:
    role = instance.role
    if role is None:
        return {}
    information = {
        "Code": "Success",
        "LastUpdated": f"{role.credentials.issued:%Y-%m-%dT%H:%M:%SZ}",
        "InstanceProfileArn": role.profile_arn,
        "InstanceProfileId": role.profile_id,
    }
    return {
        "iam/info": json.dumps(information, indent=2),
        f"iam/security-credentials/{role.name}": role.credentials.document(),
    }


def _identity(instance: InstanceMetadata) -> str:
    return json.dumps(
        {
            "accountId": instance.account_id,
            "architecture": instance.architecture,
            "availabilityZone": instance.availability_zone,
            "billingProducts": None,
            "devpayProductCodes": None,
            "imageId": instance.image_id,
            "instanceId": instance.instance_id,
            "instanceType": instance.instance_type,
            "kernelId": None,
            "marketplaceProductCodes": None,
            "pendingTime": f"{instance.launched:%Y-%m-%dT%H:%M:%SZ}",
            "privateIp": instance.private_ip,
            "ramdiskId": None,
            "region": instance.region,
            "version": "2017-09-30",
        },
        indent=2,
    )
