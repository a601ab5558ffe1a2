"""What the doctor says: one line for each thing that it looked at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

SIGNS = {"ok": "✓", "note": "!", "bad": "✗"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `level` is `ok`, `note` (deployable, but read it) or `bad` (not deployable)."""

    about: str
    level: str
    text: str
    fix: str = ""

    def __str__(self) -> str:
        return f"  {SIGNS[self.level]} {self.about:<13} {self.text}" + (f" → {self.fix}" if self.fix else "")

    def as_dict(self) -> dict[str, Any]:
        """The finding for programs."""
        return asdict(self)
