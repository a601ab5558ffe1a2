"""Prints what a host is doing, as JSON.

`make status` sends this text to the host's own Python, so it imports no other file of ours. Called with the
application's directory and the unit's name, as root.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

PROPERTIES = "LoadState,ActiveState,SubState,Result,NRestarts,StateChangeTimestamp"
LARGEST_REPORT = 1 << 20
"""Bytes. The service's account can write the report, so it is not trusted to be small."""


def release_of(directory: Path) -> str:
    """The release that `current` points to; empty where there is none."""
    try:
        return (directory / "current").resolve(strict=True).name
    except OSError:
        return ""


def unit_of(name: str) -> dict[str, Any]:
    """The unit's state, and since when it is in it."""
    done = subprocess.run(
        ["systemctl", "show", "--timestamp=utc", "--property", PROPERTIES, f"{name}.service"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    return {
        "name": name,
        "load": found.get("LoadState", ""),
        "active": found.get("ActiveState", ""),
        "sub": found.get("SubState", ""),
        "result": found.get("Result", ""),
        "since": found.get("StateChangeTimestamp", ""),
        "restarts": int(found.get("NRestarts") or 0),
    }


def disk_of(directory: Path) -> dict[str, int]:
    """Bytes of the file system that holds the releases."""
    existing = next(path for path in (directory, *directory.parents) if path.is_dir())
    usage = shutil.disk_usage(existing)
    # As df counts it: blocks that only root may use are no room for anybody else.
    return {"total": usage.used + usage.free, "free": usage.free}


def verified(report: Path) -> dict[str, Any] | None:
    """When the service's dependencies were tried last and how that ended; None when not since the host's start.

    The report's directory belongs to the service's account: a link in its place is not followed.
    """
    try:
        with os.fdopen(os.open(report, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
            regular = stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
            content = json.loads(stream.read(LARGEST_REPORT)) if regular else {}
        return {
            "ok": content["ok"] is True,
            "started": str(content["started"]),
            "release": str(content["release"]),
            "red": [str(probe["name"]) for probe in content["probes"] if probe["ok"] is not True],
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None


def main() -> None:
    """Entry point: DIRECTORY UNIT."""
    directory, unit = Path(sys.argv[1]), sys.argv[2]
    state = {
        "release": release_of(directory),
        "serves": (directory / "venv").is_symlink(),
        "unit": unit_of(unit),
        "disk": disk_of(directory),
        "verify": verified(Path(f"/run/{unit}-verify/report.json")),
    }
    print(json.dumps(state))


if __name__ == "__main__":
    main()
