"""Builds the collection `slipway.fastapi`, plugins, roles and playbooks in one file that ansible-galaxy can install.

In the repository roles and playbooks lie at the top, where a reader looks for them; in a collection they belong beside
the plugins. So they are brought together in a folder of their own, and that is what is built.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from slipway.launch.checkout import ROOT

COLLECTION = ROOT / "collections" / "ansible_collections" / "slipway" / "fastapi"
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")


def stage(destination: Path) -> None:
    """Bring the collection's parts together in a folder, which is emptied first."""
    shutil.rmtree(destination, ignore_errors=True)
    shutil.copytree(COLLECTION, destination, ignore=LEFT_OUT)
    for name in ("roles", "playbooks"):
        shutil.copytree(ROOT / name, destination / name, ignore=LEFT_OUT)
    shutil.copy(ROOT / "LICENSE", destination)


def build(staged: Path, output: Path) -> Path:
    """Build the staged collection and return the file's path. Raises RuntimeError with galaxy's own message."""
    output.mkdir(parents=True, exist_ok=True)
    galaxy = Path(sys.executable).parent / "ansible-galaxy"
    done = subprocess.run(
        [galaxy, "collection", "build", "--force", "--output-path", output, staged],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or done.stdout.strip())
    return Path(done.stdout.strip().rsplit(" ", 1)[-1])
