"""checkov in an environment of its own: its pins conflict with those of this project (docs/dependencies.md)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from slipway.launch import packages

ROOT = Path(__file__).resolve().parents[2]
LOCK = Path(__file__).with_name("requirements.txt")
VENV = ROOT / ".cache" / "checkov"
UV = ROOT / ".venv" / "bin" / "uv"
#: Seconds that a scan may take. It takes about twelve of a processor.
SECONDS = 300


class CheckovError(Exception):
    """checkov could not be installed, or could not read the code. The message is its own."""


def ensure() -> None:
    """Make the environment what the lock file says, with every hash checked. Raises CheckovError."""
    wanted, mark = packages.stamp(LOCK.read_bytes(), sys.version), VENV / "slipway.stamp"
    if mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return
    own = {"VIRTUAL_ENV": str(VENV), "UV_SYSTEM_CERTS": "1", **packages.cache(ROOT), **packages.index(ROOT / ".venv")}
    _run([str(UV), "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)], own)
    _run([str(UV), "pip", "sync", "--quiet", "--require-hashes", str(LOCK)], own)
    mark.write_text(wanted, encoding="utf-8")


def scan(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Scan Terraform's code in the folder: `failed_checks`, `skipped_checks` and `passed_checks`.

    Raises CheckovError, also where checkov could not parse a file.
    """
    command = [str(VENV / "bin" / "checkov"), "--framework", "terraform", "--skip-download", "-o", "json"]
    report = json.loads(_run([*command, "-d", str(folder)], {"LOG_LEVEL": "ERROR"}, codes=(0, 1)))
    results: dict[str, list[dict[str, Any]]] = report["results"]
    if results["parsing_errors"]:
        raise CheckovError(f"checkov cannot read {', '.join(map(str, results['parsing_errors']))}")
    return results


def _run(command: Sequence[str], environment: dict[str, str], codes: Sequence[int] = (0,)) -> str:
    done = subprocess.run(
        command,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode not in codes:
        raise CheckovError(f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout
