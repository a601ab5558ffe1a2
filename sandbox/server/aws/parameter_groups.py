"""The parameters of RDS parameter groups, and how their changes are applied."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBParameterGroup

from sandbox.server.aws.patching import replaces

#: Amazon RDS User Guide, "Requiring an SSL connection to a PostgreSQL DB instance": 1 from PostgreSQL 15 on.
_FORCE_SSL = "rds.force_ssl"
_FORCE_SSL_MAJOR = 15
_POSTGRES = re.compile(r"postgres(\d+)")

#: The usual parameters that need a restart (PostgreSQL documentation, "pg_settings": context postmaster). RDS calls
#: them static.
STATIC = frozenset(
    {
        "huge_pages",
        "max_connections",
        "max_locks_per_transaction",
        "max_prepared_transactions",
        "max_replication_slots",
        "max_wal_senders",
        "max_worker_processes",
        "rds.logical_replication",
        "shared_buffers",
        "shared_preload_libraries",
        "track_activity_query_size",
        "wal_buffers",
    }
)


def default(family: str, name: str) -> str | None:
    """The parameter's value in a new group of *family*, or None if it is not known here."""
    postgres = _POSTGRES.fullmatch(family)
    if name == _FORCE_SSL and postgres:
        return "1" if int(postgres.group(1)) >= _FORCE_SSL_MAJOR else "0"
    return None


def changed(family: str, present: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """The parameter after the change *asked*. *present* is the parameter before, or empty.

    AWS changes the apply method only together with the value. Otherwise it accepts the request, and the method stays
    `pending-reboot`, which is also the method of a parameter that was never set
    (hashicorp/terraform-provider-aws#39252, #22857, #18035 and #36419; crossplane-contrib/provider-upjet-aws#2182).
    """
    before = present.get("ParameterValue", default(family, asked["ParameterName"]))
    # Terraform lists the parameters that it has set by this source.
    after = {**present, **asked, "Source": "user", "IsModifiable": True}
    if before is not None and before == asked.get("ParameterValue"):
        after["ApplyMethod"] = present.get("ApplyMethod", "pending-reboot")
    return after


def install() -> None:
    """Keep parameters as AWS does. moto stores everything that is sent, and does not show who set it."""

    @replaces(DBParameterGroup, "update_parameters")
    def update(original: Callable[..., None], group: DBParameterGroup, parameters: list[dict[str, Any]]) -> None:
        # AWS's message: ministryofjustice/cloud-platform#1197.
        if any(each["ParameterName"] in STATIC and each.get("ApplyMethod") == "immediate" for each in parameters):
            raise RDSClientError(
                "InvalidParameterCombination", "cannot use immediate apply method for static parameter"
            )
        family = group.family or ""
        original(group, [changed(family, group.parameters.get(each["ParameterName"], {}), each) for each in parameters])
