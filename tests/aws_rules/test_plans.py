"""AWS takes what the stacks plan, as far as its published rules tell."""

from __future__ import annotations

from tests.aws_rules.account import REGIONS
from tests.aws_rules.combinations import Combination
from tests.aws_rules.planning import Plans
from tools.aws_rules.check import check


def test_aws_takes_the_plan(combination: Combination, plans: Plans) -> None:
    changes = plans.changes(combination.name)
    refused, missing = check(changes, combination.region, REGIONS, plans.schemas)
    assert [f"{each.type}: {each.argument or 'the type itself'}" for each in missing] == []
    assert not refused, "\n".join(map(str, refused))
