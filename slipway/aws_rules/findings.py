"""What AWS would refuse, in words for a person."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

#: Longer texts are cut: an enumeration of instance classes has hundreds of values.
LONGEST = 300


@dataclass(frozen=True)
class Finding:
    """One value that AWS refuses.

    `rule` is the rule's id, `source` the address or title of the page that states it, `argument` Terraform's argument,
    `regions` those in which the rule was broken. No region means all.
    """

    rule: str
    source: str
    message: str
    address: str
    argument: str
    value: Any
    regions: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f" in {', '.join(self.regions)}" if self.regions else ""
        return "\n".join(
            (
                f"{self.address}: {self.argument} = {_cut(_text(self.value))}",
                f"    AWS refuses this{where}: {_cut(self.message)}",
                f"    Rule {self.rule}: {self.source}",
            )
        )


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, those that differ in their region only as one."""
    found: list[Finding] = []
    for each in findings:
        # The message ends with the region's own list of values: the first one's stands for all.
        index = next((index for index, known in enumerate(found) if _same(known, each)), None)
        if index is None:
            found.append(each)
        else:
            found[index] = replace(found[index], regions=tuple(dict.fromkeys(found[index].regions + each.regions)))
    return found


def _same(one: Finding, other: Finding) -> bool:
    return (one.rule, one.address, one.argument, one.value) == (other.rule, other.address, other.argument, other.value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
