"""Puts this program into ``.venv``: what it imports, and the command ``.venv/bin/slipway``."""

from __future__ import annotations

import sys
from pathlib import Path

#: The checkout, in which Python of ``.venv`` finds this program from every working directory. Relative to the folder of
#: the file that names it, so that the checkout can be moved.
IMPORT_PATH = "../../../..\n"

#: Without `-P`, Python would import what lies in the folder that the person works in.
COMMAND = """\
#!/bin/sh
exec "$(dirname -- "$(readlink -f -- "$0")")/python" -P -m slipway "$@"
"""


def install(venv: Path) -> None:
    """Write the two files where they are missing or differ."""
    packages = venv / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    _write(packages / "slipway.pth", IMPORT_PATH, 0o644)
    _write(venv / "bin" / "slipway", COMMAND, 0o755)


def _write(path: Path, text: str, mode: int) -> None:
    if path.is_file() and path.read_text() == text and path.stat().st_mode & 0o777 == mode:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    draft.chmod(mode)
    draft.replace(path)
