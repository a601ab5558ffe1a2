"""AWS takes what the stacks plan, as far as its published rules tell."""

from __future__ import annotations

import pytest

from slipway.aws_rules.check import check
from tests.aws_rules.account import REGIONS
from tests.aws_rules.combinations import Combination, state_buckets
from tests.aws_rules.planning import Plans


def test_aws_takes_the_plan(combination: Combination, plans: Plans) -> None:
    assert_taken(combination.name, combination.region, plans)


@pytest.mark.parametrize("name", state_buckets())
def test_aws_takes_the_bucket_of_states(name: str, plans: Plans) -> None:
    assert_taken(name, REGIONS[0], plans)


def assert_taken(name: str, region: str, plans: Plans) -> None:
    """The plan is translated as a whole, and no rule refuses a value of it."""
    refused, missing = check(plans.changes(name), region, REGIONS, plans.schemas)
    assert [f"{each.type}: {each.argument or 'the type itself'}" for each in missing] == []
    assert not refused, "\n".join(map(str, refused))
