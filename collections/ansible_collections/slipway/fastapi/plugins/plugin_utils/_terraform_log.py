"""Terraform's machine-readable log (`-json`), as lines for a person.

Source of the format: Terraform documentation, "Machine-Readable UI".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

HEARTBEAT_SECONDS = 30
SIGNS = {"create": "+", "update": "~", "delete": "-", "replace": "±"}
UNDECLARED = ("Value for undeclared variable", "Values for undeclared variables")


@dataclass
class Reader:
    """Collects what a run reports and shows progress through ``show``.

    ``counts`` are what a plan or an apply says of itself at its end; ``errors`` are whole sentences. An undeclared
    variable is an error too, though Terraform calls it a warning: a misspelt setting that is silently ignored costs
    somebody a day.
    """

    show: Callable[[str], None]
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def line(self, text: str) -> None:
        """Take one line of the log; a line that is no JSON is an error message of Terraform itself."""
        try:
            event = json.loads(text)
        except ValueError:
            if text.strip():
                self.errors.append(text.strip())
            return
        handler = getattr(self, f"_on_{event.get('type')}", None)
        if handler is not None:
            handler(event)

    def _on_diagnostic(self, event: dict[str, Any]) -> None:
        diagnostic = event["diagnostic"]
        sentence = describe(diagnostic)
        if diagnostic["severity"] == "error" or diagnostic["summary"] in UNDECLARED:
            self.errors.append(sentence)
        else:
            self.warnings.append(sentence)

    def _on_apply_complete(self, event: dict[str, Any]) -> None:
        hook = event["hook"]
        if hook["action"] == "read":
            return
        seconds = hook.get("elapsed_seconds", 0)
        self.show(f"    {SIGNS.get(hook['action'], ' ')} {hook['resource']['addr']}  {seconds}s")

    def _on_apply_progress(self, event: dict[str, Any]) -> None:
        hook = event["hook"]
        seconds = hook.get("elapsed_seconds", 0)
        if seconds and seconds % HEARTBEAT_SECONDS == 0:
            self.show(f"    … {hook['resource']['addr']}  {seconds}s so far")

    def _on_change_summary(self, event: dict[str, Any]) -> None:
        self.counts = {kind: event["changes"].get(kind, 0) for kind in ("add", "change", "remove", "import")}

    def _on_outputs(self, event: dict[str, Any]) -> None:
        self.outputs = {name: item.get("value") for name, item in event["outputs"].items() if "value" in item}


def describe(diagnostic: dict[str, Any]) -> str:
    """One diagnostic as text: what, where, why."""
    where = ""
    if location := diagnostic.get("range"):
        where = f" ({location['filename']}:{location['start']['line']})"
    detail = " ".join(str(diagnostic.get("detail", "")).split())
    return f"{diagnostic['summary']}{where}: {detail}" if detail else f"{diagnostic['summary']}{where}"
