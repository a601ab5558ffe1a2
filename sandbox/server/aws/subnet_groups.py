"""The subnet groups of RDS."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBSubnetGroup, RDSBackend

from sandbox.server.aws.patching import replaces

ZONES = 2


def refusal(zones: set[str]) -> tuple[str, str] | None:
    """AWS's code and message for a group whose subnets are in *zones*, or None.

    The words are from terraform-aws-modules/terraform-aws-vpc#821.
    """
    if len(zones) >= ZONES:
        return None
    return "DBSubnetGroupDoesNotCoverEnoughAZs", (
        "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: "
        f"{', '.join(sorted(zones))}. Add subnets to cover at least {ZONES} AZs."
    )


def install() -> None:
    """Refuse a group in one zone, as AWS does (hashicorp/terraform-provider-aws#17373). moto accepts it."""

    @replaces(RDSBackend, "create_subnet_group")
    def create(original: Callable[..., DBSubnetGroup], backend: RDSBackend, *args: Any, **kwargs: Any) -> DBSubnetGroup:
        asked = inspect.signature(original).bind(backend, *args, **kwargs).arguments
        if found := refusal({subnet.availability_zone for subnet in asked["subnets"]}):
            raise RDSClientError(*found)
        return original(backend, *args, **kwargs)
