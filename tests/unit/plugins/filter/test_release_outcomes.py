"""The filter slipway.fastapi.release_outcomes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.filter.release_outcomes import FilterModule

OUTCOMES = FilterModule().filters()["release_outcomes"]


@pytest.mark.parametrize(
    ("state", "failed", "after"),
    [
        ({"before": "1-a", "release": "2-b"}, False, "2-b"),
        ({"before": "1-a", "release": "2-b"}, True, "1-a"),
        ({"before": "1-a", "release": "2-b", "not_reverted": "no answer"}, True, "unknown"),
        ({"before": "1-a"}, True, "1-a"),
        ({"release": "2-b"}, True, ""),
        ({}, False, ""),
    ],
)
def test_a_host_serves_the_new_release_or_after_a_failure_the_one_before(
    state: dict[str, Any], failed: bool, after: str
) -> None:
    assert OUTCOMES({"i-1": state}, failed) == [{"name": "i-1", "before": state.get("before", ""), "after": after}]
