"""Which hosts may be loaded: those of the sandbox on this machine, and loopback. No other target is accepted."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import EndpointConnectionError

from benchmarks.loss.wire import Target
from sandbox.settings import Settings


class RefusedError(Exception):
    """There is nothing that may be measured; the message says why."""


@dataclass(frozen=True)
class Host:
    """One of the sandbox's running instances."""

    instance: str
    address: str
    port: int
    group: str
    """Its security group, for the ports of the controls."""
    artifact: str
    """Where its releases are published, as s3://BUCKET/KEY."""

    def target(self, port: int) -> Target:
        """Return where one of its services listens."""
        return Target(self.instance, self.address, port)


def client(settings: Settings, service: str) -> Any:
    """Return a client of the sandbox's API, whatever the shell says."""
    session = boto3.Session(
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key,
        region_name=settings.region,
    )
    make: Any = session.client  # the stubs know one overload for each service, and here the name varies
    return make(service, endpoint_url=settings.api_url)


def hosts_of(settings: Settings, app: str) -> list[Host]:
    """Return the app's running hosts, in the order of their addresses. Raises RefusedError when there is none."""
    filters = [
        {"Name": "instance-state-name", "Values": ["running"]},
        {"Name": "tag:slipway:app", "Values": [app]},
    ]
    try:
        reservations = client(settings, "ec2").describe_instances(Filters=filters)["Reservations"]
    except EndpointConnectionError as error:
        raise RefusedError("The sandbox is not up, and nothing else is ever loaded: make site") from error
    found = []
    for instance in (instance for reservation in reservations for instance in reservation["Instances"]):
        tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
        found.append(
            Host(
                instance["InstanceId"],
                instance["PrivateIpAddress"],
                int(tags["slipway:port"]),
                instance["SecurityGroups"][0]["GroupId"],
                tags.get("slipway:artifact", ""),
            )
        )
    if not found:
        raise RefusedError(f"The sandbox has no running host of {app}: make site BLUEPRINT={app}")
    return sorted(found, key=lambda host: ipaddress.ip_address(host.address))


def check_targets(targets: Iterable[Target], hosts: Iterable[Host]) -> None:
    """Raises RefusedError when a target is neither loopback nor the address of one of the sandbox's hosts."""
    known = {host.address for host in hosts}
    for target in targets:
        address = ipaddress.ip_address(target.address)
        if not (address.is_loopback or (target.address in known and address.is_private)):
            raise RefusedError(f"{target.address} is no host of the sandbox, and no other is ever loaded")
