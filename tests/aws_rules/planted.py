"""One refusal of AWS that is planted into the Terraform code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slipway.aws_rules.findings import Finding


@dataclass(frozen=True)
class Planted:
    """One refusal: its kind, the resource of a module, what is planted, the argument, and the rule that finds it.

    `index` is the key of the one resource that it is planted into, where there are several of one name. `words` say in
    docs/aws-rules.md what is planted.
    """

    kind: str
    module: str
    resource: str
    planted: str
    argument: str
    words: str
    rule: str
    plan: int = 0
    index: str = ""

    @property
    def name(self) -> str:
        """A test's name."""
        return f"{self.resource}.{self.argument}: {self.words}"

    def override(self) -> str:
        """The content of the override file."""
        type_name, name = self.resource.split(".")
        return f'resource "{type_name}" "{name}" {{\n  {self.planted}\n}}\n'

    def found(self, findings: Sequence[Finding]) -> list[Finding]:
        """Those of the findings that are about it."""
        return [
            each
            for each in findings
            if each.rule == self.rule
            and f".{self.resource}" in each.address
            and each.address.endswith(f'["{self.index}"]' if self.index else "")
            and f"{each.argument}.".startswith(f"{self.argument}.")
        ]
