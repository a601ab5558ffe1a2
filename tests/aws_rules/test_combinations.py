"""The few plans of the short form leave out no pair of choices, and the long form leaves out nothing."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from tests.aws_rules.combinations import CHOICES, Combination, every_pair, product, variables

PAGE = Path(__file__).parents[2] / "docs" / "aws-rules.md"


def test_every_two_choices_that_can_meet_meet_in_a_plan() -> None:
    possible = [found for values in itertools.product(*CHOICES.values()) if (found := Combination(*values)).is_possible]
    wanted = set().union(*(each.pairs() for each in possible))
    assert set().union(*(each.pairs() for each in every_pair())) == wanted


def test_the_page_tells_how_many_there_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert re.search(rf"\b{len(product())} plans\b", page)
    assert re.search(rf"`make aws-rules` makes {len(every_pair())}\b", page)


def test_choices_are_made_over_the_blueprint_and_the_environment() -> None:
    chosen = variables(Combination("gap-fill", "prod", "new", True, True, "longest", "eu-central-1"), "http://x")
    found = dict(line.split(" = ", 1) for line in chosen.splitlines() if " = " in line)
    assert found["app"] == '"abcdefghi-klmnopqrs"'
    assert found["env"] == '"prodabcdef"'
    assert found["region"] == '"eu-central-1"'
    assert found["database_multi_az"] == "true"
    assert found["network"] == '{"mode": "new"}'
