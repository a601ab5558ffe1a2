"""The docs site builds without a warning: no broken link, no missing anchor, no page outside the navigation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.repo.helpers import ROOT

FAULTS = {
    "a page that is not there": ("[x](missing.md)", "missing.md"),
    "a heading that is not there": ("[x](#missing-heading)", "missing-heading"),
    "a file that is not there": ("![x](missing.svg)", "missing.svg"),
}


def warnings(source: Path, output: Path) -> str:
    """What Sphinx complains of when it builds the site of a folder with the repository's settings."""
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--nitpicky", "--quiet"]
    command += ["-c", str(ROOT / "docs"), "-d", str(output / "doctrees"), str(source), str(output / "html")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    assert warnings(ROOT, tmp_path) == ""


@pytest.mark.parametrize(("text", "named"), FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_found(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "source" / "docs").mkdir(parents=True)
    (tmp_path / "source" / "docs" / "index.md").write_text(f"# Page\n\n{text}\n", encoding="utf-8")
    assert named in warnings(tmp_path / "source", tmp_path)
