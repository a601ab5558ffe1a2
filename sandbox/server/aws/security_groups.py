"""The rules of security groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupBackend, SecurityGroupRule

from sandbox.server.aws.patching import replaces


def install() -> None:
    """Every fix of this file."""
    _show_descriptions()
    _let_members_of_a_default_group_talk()


def _let_members_of_a_default_group_talk() -> None:
    """A VPC's default group lets its members reach each other (VPC User Guide, "Default security groups"). moto's
    allows nothing in, and the sandbox enforces the rules."""

    @replaces(SecurityGroupBackend, "create_security_group")
    def create(original: Callable[..., SecurityGroup], backend: Any, *args: Any, **kwargs: Any) -> SecurityGroup:
        group = original(backend, *args, **kwargs)
        if group.is_default:
            source = {"GroupId": group.id, "OwnerId": group.owner_id}
            rule = SecurityGroupRule(backend, "-1", group.id, None, None, None, source_group=source, is_egress=False)
            group.add_ingress_rule(rule)
        return group


def _show_descriptions() -> None:
    """Show the description of a rule whose source is a group. moto stores it with the group but reads it from the
    address range, so that the next plan adds it again."""

    def description(rule: SecurityGroupRule) -> str | None:
        found: str | None = rule.ip_range.get("Description") or rule.source_group.get("Description")
        return found

    SecurityGroupRule.description = property(description)
