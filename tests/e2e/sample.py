"""The sample service with a change, so that it is another release."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.run import ROOT

SAMPLE = ROOT / "examples" / "app"


def changed_sample(folder: Path) -> Path:
    """A copy of the sample in *folder*, with one more file."""
    copy = folder / "app"
    shutil.copytree(SAMPLE, copy, ignore=shutil.ignore_patterns(".venv", "__pycache__"))
    (copy / "another.txt").write_text("so that there is something to unpack\n")
    return copy
