"""The translation of each Terraform type in use, by the part of AWS that it belongs to."""

from __future__ import annotations

from slipway.aws_rules.shapes import Type
from slipway.aws_rules.tables import compute, database, identity, network, storage

TYPES: dict[str, Type] = {
    **compute.TYPES,
    **database.TYPES,
    **identity.TYPES,
    **network.TYPES,
    **storage.TYPES,
}
