"""What a host was like when the last run that changed something, or looked at everything, had ended.

A baseline has a digest of what a part of a play was given, and the digests of the files that it had written. While both
are the same, the part has nothing to do there.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.fastapi.plugins.module_utils._release import manifest
from ansible_collections.slipway.fastapi.plugins.module_utils._system import untrusted_json

FOLDER = Path("/var/lib/slipway/baselines")

Record = dict[str, str]


def record_of(path: Path) -> Record:
    """Kind, owner, mode and content of what has the name now. What is not there is a record too."""
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return {"kind": "absent"}
    record = {"owner": f"{status.st_uid}:{status.st_gid}"}
    if stat.S_ISLNK(status.st_mode):
        return {"kind": "link", "target": str(path.readlink()), **record}
    record["mode"] = format(stat.S_IMODE(status.st_mode), "04o")
    if stat.S_ISREG(status.st_mode):
        return {"kind": "file", "sha256": manifest.digest_of(path), **record}
    return {"kind": "directory" if stat.S_ISDIR(status.st_mode) else "special", **record}


def describe(inputs: str, paths: Iterable[str]) -> dict[str, Any]:
    """The baseline of a host as it is."""
    return {"inputs": inputs, "paths": {path: record_of(Path(path)) for path in sorted(set(paths))}}


def read(folder: Path, name: str) -> dict[str, Any]:
    """The baseline that was recorded; empty where there is none that can be read."""
    try:
        found = untrusted_json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def differences(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What has become another since the baseline was recorded, an entry each; empty while nothing has."""
    if not recorded:
        return ["no baseline was recorded"]
    found = [] if recorded.get("inputs") == now["inputs"] else ["what the hosts are to be is another"]
    before = recorded.get("paths")
    before = before if isinstance(before, dict) else {}
    for path in sorted(before.keys() | now["paths"].keys()):
        if before.get(path) != now["paths"].get(path):
            found.append(f"{path} is not as it was left")
    return found
