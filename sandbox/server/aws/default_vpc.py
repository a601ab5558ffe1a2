"""The default VPC's address range and internet gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.ec2.models.vpcs import VPC, VPCBackend

from sandbox.server.aws.patching import replaces
from sandbox.settings import Settings


def install(settings: Settings) -> None:
    """Give the default VPC another range than 172.31.0.0/16, and AWS's internet gateway. The sandbox makes a Docker
    network of the VPC, and Docker refuses a network that overlaps its own address pools, which contain that range."""

    @replaces(VPCBackend, "create_default_vpc")
    def create_default_vpc(original: Callable[..., VPC], backend: Any) -> VPC:
        create_vpc = backend.create_vpc

        def at_our_range(cidr_block: str, **kwargs: Any) -> VPC:  # noqa: ARG001 - it is moto's constant
            vpc: VPC = create_vpc(cidr_block=settings.vpc_cidr_default, **kwargs)
            return vpc

        backend.create_vpc = at_our_range
        try:
            made = original(backend)
        finally:
            del backend.create_vpc
        gateway = backend.create_internet_gateway()
        backend.attach_internet_gateway(gateway.id, made.id)
        (table,) = backend.describe_route_tables(filters={"vpc-id": made.id})
        backend.create_route(table.id, "0.0.0.0/0", gateway_id=gateway.id)
        return made
