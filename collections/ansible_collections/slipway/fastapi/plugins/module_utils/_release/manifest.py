"""What a release consists of: path, mode and SHA-256 of every file, written when it is made and compared ever after."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.fastapi.plugins.module_utils._release import tree
from ansible_collections.slipway.fastapi.plugins.module_utils._system import untrusted_json

NAME = "manifest.json"
HOOKS = ".hooks.json"
APART = frozenset({NAME, ".env", HOOKS})
"""Not in the manifest: itself, the file of secrets, of which not even a digest is kept, and which hooks were run."""
CACHE = "__pycache__"
"""What an administrator's own Python leaves there on reading the code changes nothing that the service does."""

Record = dict[str, str]
Records = dict[str, Record]


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for chunk in iter(lambda: stream.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def _record(path: Path) -> Record:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return {"link": str(path.readlink()), "owner": str(status.st_uid)}
    record = {"mode": format(stat.S_IMODE(status.st_mode), "04o"), "owner": str(status.st_uid)}
    if stat.S_ISREG(status.st_mode):
        record["sha256"] = digest_of(path)
    else:
        record["kind"] = "directory" if stat.S_ISDIR(status.st_mode) else "special"
    return record


def scan(top: Path) -> Records:
    """The record of everything below a release's directory, by relative path."""
    records: Records = {}
    for folder, directories, files in os.walk(top):
        for name in directories + files:
            path = Path(folder, name)
            relative = path.relative_to(top).as_posix()
            if relative not in APART:
                records[relative] = _record(path)
    return records


def difference(expected: Records, actual: Records) -> list[str]:
    """What has become of a release, one sentence for each path that is not as it was."""
    found: list[str] = []
    for path in sorted(expected.keys() | actual.keys()):
        before, now = expected.get(path), actual.get(path)
        if before == now:
            continue
        if now is None:
            found.append(f"{path} is missing")
        elif before is None:
            if CACHE not in path.split("/"):
                found.append(f"{path} was added")
        else:
            names = {"sha256": "content"}
            changed = sorted(
                names.get(key, key) for key in before.keys() | now.keys() if before.get(key) != now.get(key)
            )
            found.append(f"{path} has another {' and '.join(changed)}")
    return found


def strays(top: Path, records: Records) -> list[str]:
    """The links by which something outside a release would become a part of it, one sentence for each."""
    links = {path: record["link"] for path, record in records.items() if "link" in record}
    return [
        f"{path} leads outside the release, to {link}"
        for path, link in sorted(links.items())
        if tree.leads_outside(top, top / path)
    ]


def write(top: Path, about: Mapping[str, Any]) -> Records:
    """Records a finished release; returns the records of its files."""
    records = scan(top)
    path = top / NAME
    path.write_text(json.dumps({**about, "files": records}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    path.chmod(0o644)
    return records


def read(top: Path) -> dict[str, Any] | None:
    """The manifest of a release, or None where there is no readable one."""
    try:
        content = untrusted_json.loads((top / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and isinstance(content.get("files"), dict) else None


def damage(top: Path) -> list[str]:
    """How a release differs from its manifest; empty if it does not."""
    manifest = read(top)
    if manifest is None:
        return [f"{NAME} is missing or unreadable"]
    records = scan(top)
    # What lies behind a link is in no record, whether the link was there from the beginning or not.
    return difference(manifest["files"], records) + strays(top, records)
