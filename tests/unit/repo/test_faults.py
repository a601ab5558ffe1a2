"""The table of faults names every test there is, and no other."""

from __future__ import annotations

import ast
import re

from tests.unit.repo.helpers import ROOT

FOLDER = ROOT / "tests" / "faults"


def test_the_table_and_the_tests_are_the_same() -> None:
    written = {
        f"{path.name}#{node.name}"
        for path in FOLDER.glob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    listed = re.findall(r"`(test_\w+\.py#test_\w+)`", (FOLDER / "README.md").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(set(listed)), "a test stands there twice"
    assert set(listed) == written
