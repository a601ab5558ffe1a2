"""All rules, by service and operation."""

from __future__ import annotations

from collections import defaultdict

from sandbox.server.aws.requests import table_ec2, table_rds, table_s3, table_services
from sandbox.server.aws.requests.rules import Rule

RULES: tuple[Rule, ...] = (*table_ec2.RULES, *table_rds.RULES, *table_s3.RULES, *table_services.RULES)


def _by_operation() -> dict[tuple[str, str], tuple[Rule, ...]]:
    found: defaultdict[tuple[str, str], list[Rule]] = defaultdict(list)
    for rule in RULES:
        for operation in rule.operations:
            found[rule.service, operation].append(rule)
    return {key: tuple(rules) for key, rules in found.items()}


_BY_OPERATION = _by_operation()


def rules_of(service: str, operation: str) -> tuple[Rule, ...]:
    """The rules for an operation of the service that requests are signed for."""
    return _BY_OPERATION.get((service, operation), ())
