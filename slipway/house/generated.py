"""Files of the repository, parts of which are written by `make docs`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from slipway.launch.checkout import ROOT


def write(stale: Mapping[Path, str], only_check: bool) -> bool:
    """Write the files that are not up to date, or only name them; return whether there was none."""
    for file, text in stale.items():
        if not only_check:
            file.write_text(text, encoding="utf-8")
        print(f"{'differs' if only_check else 'written'}: {file.relative_to(ROOT)}")
    return not stale
