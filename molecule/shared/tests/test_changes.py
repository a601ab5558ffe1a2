"""What the scenario's runs announced and changed: on a clean host, in a second run, after a drift, in its repair."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.skipif("MOLECULE_MUTANT" in os.environ, reason="a mutation is judged by what the host is")


@dataclass(frozen=True)
class Run:
    """One run of the role."""

    check: bool
    changed: list[str]


def _runs() -> list[Run]:
    lines = Path(os.environ["MOLECULE_CHANGES"]).read_text(encoding="utf-8").splitlines()
    plays = [json.loads(line) for line in lines]
    return [Run(play["check"], play["changed"]) for play in plays if play["play"] == "Converge"]


def _reported() -> list[str]:
    scenario = yaml.safe_load(Path(os.environ["MOLECULE_FILE"]).read_text(encoding="utf-8"))
    return list(scenario["provisioner"]["inventory"]["group_vars"]["all"]["scenario_drift"]["reported"])


def test_dry_run_on_a_clean_host_announces_the_changes() -> None:
    check, converge = _runs()[:2]
    assert check.check
    assert not converge.check
    assert check.changed, "the dry run on a clean host announced no change"
    assert set(check.changed) <= set(converge.changed)


def test_second_run_changes_nothing() -> None:
    assert _runs()[2] == Run(check=False, changed=[])


def test_drift_is_reported_exactly_and_repaired() -> None:
    check, repair = _runs()[3:]
    assert check == Run(check=True, changed=_reported())
    assert repair == Run(check=False, changed=_reported())
