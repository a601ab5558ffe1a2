"""Shows a reachability report on a terminal."""

from __future__ import annotations

DOCUMENTATION = r"""
name: verify_table
short_description: Show a reachability report on a terminal
version_added: 0.1.0
description:
  - Makes an aligned table of plain text, one line for each probe with the time of each stage.
  - Below a red probe stand its cause and its likely fix.
positional: _input
options:
  _input:
    description: A report of M(slipway.fastapi.reachability).
    type: dict
    required: true
author:
  - Slipway maintainers (@slipway)
"""

EXAMPLES = r"""
- name: Show the report
  ansible.builtin.debug:
    msg: "{{ reachability_report | slipway.fastapi.verify_table }}"
"""

RETURN = r"""
_value:
  description: The table, lines separated by newlines.
  type: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

GREEN = "✓"
RED = "✗"


def verify_table(report: Mapping[str, Any]) -> str:
    """Render a report.

    Raises:
        AnsibleFilterError: It is none.
    """
    try:
        rows = [row(probe) for probe in report["probes"]]
        headline = summary(report)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError(f"verify_table wants the report of slipway.fastapi.reachability: {error!r}") from error
    widths = [max(len(cells[column]) for cells, _ in rows if column < len(cells)) for column in range(longest(rows))]
    lines = [headline]
    for cells, notes in rows:
        lines.append(("  " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths))).rstrip())
        lines.extend(f"      {note}" for note in notes)
    return "\n".join(lines)


def row(probe: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The cells of a probe's line, and the lines below it."""
    stages = [
        f"{plain(stage['stage'])} {duration(stage['seconds'])}{'' if stage['ok'] else f' {RED}'}"
        for stage in probe["stages"]
    ]
    cells = [f"{GREEN if probe['ok'] else RED} {plain(probe['name'])}", duration(probe["seconds"]), *stages]
    notes = [f"{word:<6}{plain(probe[word])}" for word in ("cause", "fix") if probe[word] and not probe["ok"]]
    return cells, notes


def summary(report: Mapping[str, Any]) -> str:
    """The line above the table."""
    probes = report["probes"]
    red = sum(not probe["ok"] for probe in probes)
    release = f", release {plain(report['release'])}" if report.get("release") else ""
    verdict = f"{red} of {len(probes)} red" if red else f"all {len(probes)} green"
    return f"{plain(report['host'])}{release}: {verdict} in {duration(report['seconds'])}"


def longest(rows: list[tuple[list[str], list[str]]]) -> int:
    """How many columns the table has."""
    return max((len(cells) for cells, _ in rows), default=0)


def duration(seconds: float) -> str:
    """Seconds as a person reads them."""
    return f"{seconds:.1f}s" if seconds >= 1 else f"{round(seconds * 1000)}ms"


def plain(text: object) -> str:
    """Text without control characters: a report comes from a host, and must not steer the terminal."""
    return "".join(character if character.isprintable() else "?" for character in str(text))


class FilterModule:
    """Ansible looks for this class."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file by name."""
        return {"verify_table": verify_table}
