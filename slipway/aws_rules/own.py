"""Rules of AWS that cfn-lint does not know, about values of a plan that stand together.

Rules about one value of one request are in the sandbox's table (`slipway/aws_rules/requests.py`).
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from slipway.aws_rules.findings import Finding
from slipway.aws_rules.translate import Change

#: The resource, the argument, its value and what is wrong with it.
Refusal = tuple[Change, str, Any, str]

_TAG_CHARACTERS = re.compile(r"[\w\s+\-=.:/@]*")
_ZONE = re.compile(r"([a-z0-9-]+-\d)[a-z]")
_PROTOCOLS = frozenset({"-1", "tcp", "udp", "icmp", "icmpv6"})


@dataclass(frozen=True)
class Own:
    """One rule: its name, where AWS states it, and the function that finds what breaks it in a region's plan."""

    name: str
    source: str
    refusals: Callable[[Sequence[Change], str], Iterator[Refusal]]


def check(changes: Sequence[Change], region: str) -> list[Finding]:
    """What the rules find in the changes of a plan for `region`."""
    return [
        Finding(rule.name, rule.source, message, change["address"], argument, value)
        for rule in RULES
        for change, argument, value, message in rule.refusals(changes, region)
    ]


def _of(changes: Sequence[Change], *types: str) -> Iterator[tuple[Change, dict[str, Any]]]:
    for change in changes:
        if change["type"] in types:
            yield change, change["change"]["after"]


def _tags(changes: Sequence[Change], region: str) -> Iterator[Refusal]:  # noqa: ARG001 - every rule is asked alike
    for change in changes:
        tags = change["change"]["after"].get("tags_all") or {}
        if len(tags) > 50:
            yield change, "tags_all", sorted(tags), f"{len(tags)} tags are more than 50."
        for key, value in tags.items():
            if key.lower().startswith("aws:"):
                yield change, "tags_all", key, "A key that begins with aws: is reserved for AWS."
            if not 1 <= len(key) <= 128:
                yield change, "tags_all", key, "A key has 1 to 128 characters."
            if value and len(value) > 256:
                yield change, "tags_all", value, f"The value of {key} has {len(value)} characters, more than 256."
            if not _TAG_CHARACTERS.fullmatch(key) or not _TAG_CHARACTERS.fullmatch(value or ""):
                yield change, "tags_all", {key: value}, "A tag has letters, digits, spaces and + - = . _ : / @ only."


def _zones(changes: Sequence[Change], region: str) -> Iterator[Refusal]:
    for change, after in _of(changes, "aws_subnet", "aws_instance", "aws_db_instance"):
        zone = after.get("availability_zone")
        if zone and not ((found := _ZONE.fullmatch(zone)) and found[1] == region):
            yield change, "availability_zone", zone, f"It is no zone of {region}."


def _subnets(changes: Sequence[Change], region: str) -> Iterator[Refusal]:  # noqa: ARG001 - as above
    vpcs = [ipaddress.ip_network(after["cidr_block"]) for _, after in _of(changes, "aws_vpc")]
    seen: list[tuple[str, Any]] = []
    for change, after in _of(changes, "aws_subnet"):
        text = after["cidr_block"]
        block: Any = ipaddress.ip_network(text)
        if not 16 <= block.prefixlen <= 28:
            yield change, "cidr_block", text, "A subnet has a prefix from /16 to /28."
        if len(vpcs) == 1 and not block.subnet_of(vpcs[0]):
            yield change, "cidr_block", text, f"It is outside its VPC's range {vpcs[0]}."
        for address, other in seen:
            if block.overlaps(other):
                yield change, "cidr_block", text, f"It overlaps {other} of {address}."
        seen.append((change["address"], block))


def _protocols(changes: Sequence[Change], region: str) -> Iterator[Refusal]:  # noqa: ARG001 - as above
    for change, after in _of(changes, "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"):
        protocol = str(after["ip_protocol"])
        is_number = protocol.isdecimal() and int(protocol) <= 255
        if protocol not in _PROTOCOLS and not is_number:
            yield (
                change,
                "ip_protocol",
                protocol,
                f"It is none of {', '.join(sorted(_PROTOCOLS))} and no number to 255.",
            )


def _growth(changes: Sequence[Change], region: str) -> Iterator[Refusal]:  # noqa: ARG001 - as above
    for change, after in _of(changes, "aws_db_instance"):
        limit, storage = after.get("max_allocated_storage") or 0, after["allocated_storage"]
        if limit and limit < storage * 1.1:
            yield change, "max_allocated_storage", limit, f"It is less than a tenth above the storage of {storage} GiB."


def _families(changes: Sequence[Change], region: str) -> Iterator[Refusal]:  # noqa: ARG001 - as above
    wanted = {
        change.get("module_address"): f"{after['engine']}{str(after['engine_version']).partition('.')[0]}"
        for change, after in _of(changes, "aws_db_instance")
    }
    for change, after in _of(changes, "aws_db_parameter_group"):
        family = wanted.get(change.get("module_address"))
        if family and after["family"] != family:
            yield change, "family", after["family"], f"The instance that uses the group is of the family {family}."


def _rule_ids(changes: Sequence[Change], region: str) -> Iterator[Refusal]:  # noqa: ARG001 - as above
    for change, after in _of(changes, "aws_s3_bucket_lifecycle_configuration"):
        for name, count in Counter(rule["id"] for rule in after["rule"]).items():
            if count > 1:
                yield change, "rule.id", name, f"{count} rules have this id."


RULES = (
    Own("tags", 'Tagging AWS Resources User Guide, "Tag naming limits and requirements"', _tags),
    Own(
        "zone-of-region",
        'Amazon EC2 User Guide, "Regions and Zones": a zone is the region\'s code and a letter',
        _zones,
    ),
    Own(
        "subnet-range",
        'Amazon VPC User Guide, "Subnet CIDR blocks"; EC2 errors InvalidSubnet.Range and .Conflict',
        _subnets,
    ),
    Own("protocol", "Amazon EC2 API Reference, IpPermission (IpProtocol)", _protocols),
    Own(
        "storage-growth",
        'Amazon RDS User Guide, "Managing capacity automatically with Amazon RDS storage autoscaling"',
        _growth,
    ),
    Own("parameter-family", "Amazon RDS API Reference, CreateDBParameterGroup (DBParameterGroupFamily)", _families),
    Own("lifecycle-rule-id", "Amazon S3 API Reference, LifecycleRule (ID: unique identifier for the rule)", _rule_ids),
)
