"""A plan's summary and the digest that an approval names."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from ansible_collections.slipway.fastapi.plugins.plugin_utils._terraform_plan import summarise


def change(address: str, *actions: str, after: Any = None) -> dict[str, Any]:
    return {"address": address, "change": {"actions": list(actions), "before": None, "after": after}}


PLAN = {
    "resource_changes": [
        change("aws_vpc.this", "create", after={"cidr_block": "10.0.0.0/16"}),
        change("aws_instance.this", "delete", "create"),
        change("aws_s3_bucket.logs", "update"),
        change("aws_iam_role.old", "delete"),
        change("aws_subnet.same", "no-op"),
        change("data.aws_ami.this", "read"),
    ]
}


def test_counts_and_lines() -> None:
    summary = summarise(PLAN)
    assert (summary.create, summary.update, summary.replace, summary.delete) == (1, 1, 1, 1)
    assert summary.lines == ["+ aws_vpc.this", "± aws_instance.this", "~ aws_s3_bucket.logs", "- aws_iam_role.old"]
    assert summary.sentence() == "1 to create, 1 to update, 1 to replace, 1 to delete"


def test_nothing_to_change() -> None:
    summary = summarise({"resource_changes": [change("aws_subnet.same", "no-op")]})
    assert summary.empty
    assert summary.sentence() == "nothing to change"


def test_the_digest_moves_with_what_would_change_and_with_nothing_else() -> None:
    same = deepcopy(PLAN)
    same["resource_changes"][4] = change("aws_subnet.other", "no-op")
    other = deepcopy(PLAN)
    other["resource_changes"][0] = change("aws_vpc.this", "create", after={"cidr_block": "10.9.0.0/16"})
    assert summarise(same).digest == summarise(PLAN).digest
    assert summarise(other).digest != summarise(PLAN).digest
