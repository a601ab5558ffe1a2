"""Which parameters a host's `.env` is made of, and in which order: a later one wins."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tests.unit.repo.helpers import ROOT

VARIABLES = yaml.safe_load((ROOT / "playbooks" / "vars" / "service.yml").read_text(encoding="utf-8"))
ENV, MORE, DATABASE = (f"/slipway/dev/shop/{name}" for name in ("env", "env-more", "database-url"))


def parameters(*, env: str = "", more: str = "", database: str = "", required: bool = True) -> list[dict[str, Any]]:
    """The parameters that the role release reads."""
    variables = {
        "slipway_env_parameter": env,
        "slipway_env_more_parameter": more,
        "slipway_database_parameter": database,
        "slipway_env_required": required,
    }
    templar = Templar(loader=DataLoader(), variables=variables)
    return list(templar.template(trust_as_template(VARIABLES["slipway_parameters"])))


def test_each_wins_over_the_ones_before() -> None:
    assert [each["name"] for each in parameters(env=ENV, more=MORE, database=DATABASE)] == [ENV, MORE, DATABASE]
    assert [each["name"] for each in parameters(env=ENV)] == [ENV]


@pytest.mark.parametrize("required", [True, False])
def test_both_of_the_users_are_required_or_none(required: bool) -> None:
    found = parameters(env=ENV, more=MORE, database=DATABASE, required=required)
    assert [each["required"] for each in found] == [required, required, True]
