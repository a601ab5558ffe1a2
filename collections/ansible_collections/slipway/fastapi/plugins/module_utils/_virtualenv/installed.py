"""What a lock file asks for, and what a virtual environment really has."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.module_utils._system import untrusted_json

_PIN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(\[[^\]]*\])?\s*==\s*(?P<version>[^\s;]+)\s*(;.*)?\Z")
_DIST_INFO = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)\.dist-info\Z")
_SEPARATORS = re.compile(r"[-_.]+")
_PROBE_SECONDS = 60

# Markers such as `python_full_version < '3.10'` are judged by the environment's own pip, which did so to install.
_PROBE = """
import json, sys, sysconfig
from pip._vendor.packaging.requirements import Requirement
wanted = [Requirement(text) for text in json.load(sys.stdin)]
print(json.dumps({
    "python": "%d.%d" % sys.version_info[:2],
    "packages": sysconfig.get_path("purelib"),
    "applies": [r.marker is None or r.marker.evaluate({"extra": ""}) for r in wanted],
}))
"""


class LockError(Exception):
    """A lock file that does not pin everything by version and hash; the text names the line."""


@dataclass(frozen=True)
class Pin:
    """One requirement of a lock file."""

    name: str
    """In the normal form of PEP 503."""
    version: str
    requirement: str
    """As written, with its marker and without its hashes."""


@dataclass(frozen=True)
class Environment:
    """What a virtual environment has."""

    python: str
    """Version of its interpreter, such as `3.11`."""
    packages: dict[str, str]
    """Name and version of each package; the version ends in ` (damaged)` when files are missing or cut."""
    wanted: dict[str, str]
    """What the lock asks of an environment with this interpreter."""


def parse_lock(text: str) -> list[Pin]:
    """Read a requirements file in which each entry has a version and a hash. Raises LockError for anything else."""
    pins = []
    for entry in text.replace("\\\n", " ").splitlines():
        requirement = re.split(r"(?:^|\s)#", entry, maxsplit=1)[0].strip()
        if not requirement:
            continue
        bare, *hashes = re.split(r"\s+--hash=", requirement)
        found = _PIN.match(bare.strip())
        if not found or not hashes:
            raise LockError(
                f"'{bare.strip()[:60]}' is not pinned by version and hash; "
                "make the lock with `uv pip compile --generate-hashes`"
            )
        pins.append(Pin(_normal(found["name"]), found["version"], bare.strip()))
    if not pins:
        raise LockError("the lock names no package")
    return pins


def inspect(venv: Path, pins: Sequence[Pin]) -> Environment | None:
    """Look at a virtual environment; None when there is none, or none whose interpreter and pip work."""
    try:
        answer = subprocess.run(
            [str(venv / "bin" / "python"), "-I", "-c", _PROBE],
            input=json.dumps([pin.requirement for pin in pins]),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=_PROBE_SECONDS,
            check=True,
        )
        seen = untrusted_json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    wanted = {pin.name: pin.version for pin, applies in zip(pins, seen["applies"]) if applies}  # noqa: B905  Python 3.9 has no `strict`
    return Environment(seen["python"], packages(Path(seen["packages"])), wanted)


def packages(site_packages: Path) -> dict[str, str]:
    """Name and version of each installed package, read from its `*.dist-info`."""
    found: dict[str, str] = {}
    for folder in sorted(site_packages.glob("*.dist-info")):
        named = _DIST_INFO.match(folder.name)
        if named:
            found[_normal(named["name"])] = named["version"] + ("" if _is_whole(folder) else " (damaged)")
    return found


def _is_whole(dist_info: Path) -> bool:
    """Whether every file that the wheel brought is there in its full size.

    pip writes RECORD last, so an interrupted install has none.
    """
    try:
        with (dist_info / "RECORD").open(newline="", encoding="utf-8") as stream:
            rows = [row for row in csv.reader(stream) if len(row) == 3 and row[2]]
        return bool(rows) and all((dist_info.parent / path).stat().st_size == int(size) for path, _digest, size in rows)
    except (OSError, ValueError):
        return False


def _normal(name: str) -> str:
    return _SEPARATORS.sub("-", name).lower()
