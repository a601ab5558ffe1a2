"""Raw results on disk: everything that was seen, so that figures can be made of it again and otherwise."""

from __future__ import annotations

import gzip
import json
import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.loss.measure import Measurement
from benchmarks.loss.mechanism import ROOT

FOLDER = ROOT / "benchmarks" / "results" / "release_loss"


def write(folder: Path, form: str, started: datetime, measured: Sequence[Measurement]) -> Path:
    """Write a run's results and return the file."""
    hosts = max(len(one.hosts) for one in measured)
    result = {
        "form": form,
        "started": started.isoformat(timespec="seconds"),
        "commit": _output("git", "-C", str(ROOT), "rev-parse", "HEAD"),
        "machine": machine(),
        "measurements": [one.as_json() for one in measured],
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{started:%Y%m%dT%H%M%SZ}-{form}-{hosts}-host{'s' if hosts > 1 else ''}.json.gz"
    # Without a name and a time of its own, so that the same results are the same file.
    path.write_bytes(gzip.compress(json.dumps(result, separators=(",", ":")).encode(), mtime=0))
    return path


def read(path: Path) -> dict[str, Any]:
    """Read what `write` has written."""
    found: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return found


def machine() -> dict[str, object]:
    """What the figures depend on. Clients, hosts and Ansible share it."""
    return {
        "processors": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def _output(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()
