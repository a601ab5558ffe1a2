"""How the measurement of idle clients reads limits and tells its figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.idle_clients import CROWDS, DEFAULT_FILES, ROOT, Setup, figures, table


def found(answered: int, milliseconds: list[float], lines: int) -> dict[str, Any]:
    return {"asked": 80, "results": {"200": answered}, "milliseconds": milliseconds, "log lines": lines}


def test_the_limits_are_those_of_the_units(tmp_path: Path) -> None:
    assert Setup("now", ROOT / "roles").service_files() == 16_500
    assert Setup("now", ROOT / "roles").proxy_files() == 16_500
    template = tmp_path / "plain" / "templates" / "unit.j2"
    template.parent.mkdir(parents=True)
    template.write_text("[Service]\n")
    assert Setup("without", tmp_path).files("plain", "unit.j2") == DEFAULT_FILES


def test_the_figures_are_medians_of_the_rounds() -> None:
    rounds = [found(80, [1.0, 2.0, 9.0], 80), found(0, [], 200_000), found(78, [4.0], 100)]
    assert figures(rounds) == ["78 of 80", "3.0 ms", "100"]
    assert figures([found(0, [], 7)]) == ["0 of 80", "none", "7"]


def test_the_table_has_a_line_for_each_crowd_and_setup() -> None:
    rounds = [
        {**found(80, [1.0], 80), "crowd name": crowd, "setup": setup} for crowd in CROWDS for setup in ("old", "now")
    ]
    lines = table({"limits": {"old": {}, "now": {}}, "rounds": rounds}).splitlines()
    assert len(lines) == 2 + 2 * len(CROWDS)
    assert lines[2] == "| nobody | old | 80 of 80 | 1.0 ms | 80 |"
