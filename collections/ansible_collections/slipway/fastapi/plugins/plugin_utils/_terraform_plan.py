"""What a plan would do, from `terraform show -json`: counts, lines for a person, and a digest to approve."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import jmespath

CHANGES = jmespath.compile(
    "resource_changes[?change.actions != ['no-op'] && change.actions != ['read']].{address: address, change: change}"
)
OUTPUTS = jmespath.compile("output_changes")
DIGEST_LENGTH = 12


@dataclass(frozen=True)
class PlanSummary:
    """Counts by kind of change, one line for each changed resource, and the digest of all that would change."""

    create: int
    update: int
    replace: int
    delete: int
    lines: list[str]
    digest: str

    @classmethod
    def of_nothing(cls) -> PlanSummary:
        """A plan that would change nothing."""
        return summarise({})

    @property
    def empty(self) -> bool:
        """Whether no resource would change."""
        return not self.lines

    def sentence(self) -> str:
        """The counts in one sentence."""
        if self.empty:
            return "nothing to change"
        counts = {"create": self.create, "update": self.update, "replace": self.replace, "delete": self.delete}
        return ", ".join(f"{count} to {verb}" for verb, count in counts.items() if count)


def kind_of(actions: list[str]) -> str:
    """create, update, replace or delete, for Terraform's list of actions on one resource."""
    return "replace" if len(actions) > 1 else actions[0]


def summarise(plan: dict[str, Any]) -> PlanSummary:
    """Summary of a plan's JSON. Unknown and sensitive values take part in the digest only as Terraform masks them."""
    changes: list[dict[str, Any]] = CHANGES.search(plan) or []
    kinds = [kind_of(item["change"]["actions"]) for item in changes]
    signs = {"create": "+", "update": "~", "replace": "±", "delete": "-"}
    lines = [f"{signs.get(kind, '?')} {item['address']}" for kind, item in zip(kinds, changes)]
    material = json.dumps([changes, OUTPUTS.search(plan)], sort_keys=True)
    return PlanSummary(
        create=kinds.count("create"),
        update=kinds.count("update"),
        replace=kinds.count("replace"),
        delete=kinds.count("delete"),
        lines=lines,
        digest=hashlib.sha256(material.encode()).hexdigest()[:DIGEST_LENGTH],
    )
