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
SLOTS = ("blue", "green")
HAPROXY = "haproxy"
STOPPED = ("inactive", "failed", "")


def release_of(link: Path) -> str:
    """The release that a link, `current` or a slot, points to; empty where there is none."""
    try:
        return link.resolve(strict=True).name
    except OSError:
        return ""


def map_of(directory: Path) -> dict[str, str]:
    """What HAProxy goes by: the slot that serves, and whether there is maintenance."""
    try:
        lines = (directory / "haproxy.map").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    return dict(fields for fields in (line.split() for line in lines) if len(fields) == 2)


def unit_of(name: str) -> dict[str, Any]:
    """The unit's state, and since when it is in it."""
    done = subprocess.run(
        ["systemctl", "show", "--timestamp=utc", "--property", PROPERTIES, f"{name}.service"],
        capture_output=True,
        text=True,
        errors="replace",
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


def releasing(directory: Path, locks: Path = Path("/proc/locks")) -> bool:
    """Whether a run works on this host's release at this moment: the kernel's list is read, and no lock is taken."""
    try:
        inode = (directory / ".release.lock").stat().st_ino
        held = locks.read_text()
    except OSError:
        return False
    # 1: FLOCK ADVISORY WRITE pid major:minor:inode 0 EOF; those that wait have an arrow more.
    return any(line.split()[5].endswith(f":{inode}") for line in held.splitlines() if "->" not in line)


def beside(directory: Path, name: str, active: str, run: Path = Path("/run")) -> list[dict[str, Any]]:
    """The slots that run and do not serve: one that starts or drains, or that a run which was ended has left."""
    found = []
    for slot in SLOTS:
        unit = unit_of(f"{name}@{slot}") if slot != active else {"active": ""}
        if unit["active"] in STOPPED:
            continue
        ends = (run / f"{name}-{slot}" / "drain").exists()
        doing = ("draining" if ends else "starting") if releasing(directory) else "left running"
        found.append({"slot": slot, "doing": doing, "release": release_of(directory / slot), "unit": unit})
    return found


def service_of(directory: Path, name: str, units: Path = Path("/etc/systemd/system")) -> dict[str, Any]:
    """The service, whether it is a unit of its own or one of two slots behind HAProxy."""
    if not (units / f"{name}@.service").exists():
        return {
            "release": release_of(directory / "current"),
            "unit": unit_of(name),
            "slot": "",
            "beside": [],
            "haproxy": None,
            "maintenance": False,
        }
    entries = map_of(directory)
    slot = entries.get("active", "")
    if slot not in SLOTS:
        slot = ""
    return {
        "release": release_of(directory / (slot or "current")),
        "unit": unit_of(f"{name}@{slot}" if slot else name),
        "slot": slot,
        "beside": beside(directory, name, slot),
        "haproxy": unit_of(HAPROXY),
        "maintenance": entries.get("maintenance") == "on",
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
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def main() -> None:
    """Entry point: DIRECTORY UNIT."""
    directory, unit = Path(sys.argv[1]), sys.argv[2]
    state = {
        **service_of(directory, unit),
        "serves": (directory / "venv").is_symlink(),
        "disk": disk_of(directory),
        "verify": verified(Path(f"/run/{unit}-verify/report.json")),
    }
    print(json.dumps(state))


if __name__ == "__main__":
    main()
