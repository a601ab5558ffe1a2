"""The check finds what the provider's own plan does not notice."""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path

import pytest

from slipway.aws_rules.check import check
from slipway.aws_rules.findings import Finding
from tests.aws_rules.account import REGIONS
from tests.aws_rules.planning import Plans
from tests.aws_rules.planted import Planted
from tests.aws_rules.refusals import COMBINATION, PLANS, PLANTED, files


@functools.cache
def findings(plans: Plans, plan: int) -> list[Finding]:
    """What the check says of a plan. Reading it shows that Terraform and the provider planned what is planted."""
    found, missing = check(plans.changes(f"planted{plan}"), COMBINATION.region, REGIONS, plans.schemas)
    assert missing == []
    return found


@pytest.mark.parametrize("planted", PLANTED, ids=lambda each: each.name)
def test_a_planted_refusal_is_found(planted: Planted, plans: Plans) -> None:
    all_found = findings(plans, planted.plan)
    found = planted.found(all_found)
    assert found, "\n".join(map(str, all_found))
    text = str(found[0])
    assert planted.rule in text
    assert found[0].source in text
    assert found[0].source


def test_nothing_is_found_where_nothing_is_planted(plans: Plans) -> None:
    """Beside what follows: ports mean nothing to a protocol that is none, and a moved subnet overlaps another."""
    follows = {"from_port", "cidr_block"}
    for plan in range(PLANS):
        of_planted = {
            (found.address, each.argument)
            for each in PLANTED
            if each.plan == plan
            for found in each.found(findings(plans, plan))
        }
        rest = [
            each
            for each in findings(plans, plan)
            if (each.address, each.argument.partition(".")[0]) not in of_planted and each.argument not in follows
        ]
        assert not rest, "\n".join(map(str, rest))


def test_many_kinds_are_planted() -> None:
    assert len(PLANTED) >= 20
    assert len(Counter(each.kind for each in PLANTED)) >= 7
    assert all(files(each.plan) for each in PLANTED)


def test_the_page_lists_what_is_planted() -> None:
    page = (Path(__file__).parents[2] / "docs" / "aws-rules.md").read_text(encoding="utf-8")
    rows = [f"| {each.kind} | `{each.resource}` | `{each.argument}` | {each.words} | {each.rule} |" for each in PLANTED]
    assert "\n".join(rows) in page
