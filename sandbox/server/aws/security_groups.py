"""The rules of security groups."""

from __future__ import annotations

from moto.ec2.models.security_groups import SecurityGroupRule


def install() -> None:
    """Show the description of a rule whose source is a group. moto keeps it with the group and reads it from the
    address range only, so that the next plan adds it again."""

    def description(rule: SecurityGroupRule) -> str | None:
        found: str | None = rule.ip_range.get("Description") or rule.source_group.get("Description")
        return found

    SecurityGroupRule.description = property(description)
