"""Every rule, asked of one plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from slipway.aws_rules import own, requests
from slipway.aws_rules.findings import Finding
from slipway.aws_rules.lint import lint
from slipway.aws_rules.translate import Change, Missing, Schema, changed, translate

#: What stands for a value that must not be told.
HIDDEN = "(sensitive value)"


def check(
    changes: Sequence[Change], region: str, regions: Sequence[str] = (), schemas: Mapping[str, Schema] | None = None
) -> tuple[list[Finding], list[Missing]]:
    """What AWS would refuse of a plan for `region`, and what of it has no translation (asked with `schemas` only).

    What differs between regions is asked for all of `regions`.
    """
    translation = translate(changes, schemas)
    found = lint(translation, [region, *(each for each in regions if each != region)])
    found += requests.check(changed(changes)) + own.check(changed(changes), region)
    secret = {each["address"]: each["change"].get("after_sensitive") or {} for each in changes}
    return [_without_secret(each, secret[each.address]) for each in found], translation.missing


def _without_secret(finding: Finding, secret: Mapping[str, object]) -> Finding:
    """A value that Terraform marks as sensitive is not told, and neither is a message that may quote it."""
    argument = finding.argument.partition(".")[0]
    if not (secret.get(argument) if argument else any(secret.values())):
        return finding
    return replace(finding, value=HIDDEN, message="The value breaks the rule below.")
