"""The default VPC's address range, and its way to the internet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.ec2.models.vpcs import VPC, VPCBackend

from sandbox.server.aws.patching import replaces
from sandbox.settings import Settings


def install(settings: Settings) -> None:
    """Move the default VPC out of 172.31.0.0/16: the sandbox makes a Docker network of it, and Docker's own
    pools lie there, so the two would be refused as overlapping. It also gets the internet gateway that AWS's has."""

    @replaces(VPCBackend, "create_default_vpc")
    def create_default_vpc(original: Callable[..., VPC], backend: Any) -> VPC:
        create_vpc = backend.create_vpc

        def at_our_range(cidr_block: str, **kwargs: Any) -> VPC:  # noqa: ARG001 - moto's constant is what we replace
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
