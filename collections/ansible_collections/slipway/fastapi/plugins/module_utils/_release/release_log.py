"""Which releases have served on a host, and which of them is meant by "the one before"."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.fastapi.plugins.module_utils._release.layout import RELEASE
from ansible_collections.slipway.fastapi.plugins.module_utils._system import untrusted_json


class NoReleaseError(Exception):
    """There is no such release to go back to; the text says what there is."""


def append(path: Path, **record: Any) -> None:
    """Adds a record, with the time, to a host's history."""
    line = json.dumps({"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **record}) + "\n"
    # A line that a crash has cut off must not take this one with it.
    cut = path.is_file() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8") as stream:
        stream.write(("\n" if cut else "") + line)
        stream.flush()
        os.fsync(stream.fileno())


def read(path: Path) -> list[dict[str, Any]]:
    """The records of a host, the oldest first. A line that was cut off by a crash is left out."""
    records: list[dict[str, Any]] = []
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return records
    for line in lines:
        try:
            record = untrusted_json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and isinstance(record.get("release"), str):
            records.append(record)
    return records


def order(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """The releases in the order in which they were released last. Going back to one does not make it newer."""
    newest: dict[str, None] = {}
    for record in records:
        if record.get("action") == "release" or record["release"] not in newest:
            newest.pop(record["release"], None)
            newest[record["release"]] = None
    return list(newest)


def check(wanted: str) -> None:
    """Raise NoReleaseError for what is neither a release's id nor a number of releases; empty stands for one back."""
    if wanted and not _is_number(wanted) and not RELEASE.fullmatch(wanted):
        raise NoReleaseError(
            f"'{wanted}' is no release: say an id as `make releases` shows it, or how many releases to go back"
        )
    if _is_number(wanted) and int(wanted) < 1:
        raise NoReleaseError("0 releases back is the one that serves: say 1 or more, or the id of a release")


def _is_number(wanted: str) -> bool:
    # str.isdigit() also accepts superscripts, which int() refuses.
    return re.fullmatch(r"[0-9]{1,9}", wanted) is not None


def choose(wanted: str, current: str | None, previous: str | None, released: list[str], present: Iterable[str]) -> str:
    """The release to go back to.

    Args:
        wanted: its id, or how many releases back from the current one; empty: one.
        current: the release that serves.
        previous: the one that the link `previous` names, for hosts whose history does not know the current one.
        released: all that have served, in the order of their release.
        present: those that are on this host.

    Raises:
        NoReleaseError: there is none, or `wanted` is no release.
    """
    check(wanted)
    kept = set(present)
    if wanted and not _is_number(wanted):
        if wanted not in kept:
            raise NoReleaseError(f"release {wanted} is not on this host: {_choice(released, kept, current)}")
        return wanted
    steps = int(wanted or 1)
    before = released[: released.index(current)] if current in released else [previous] if previous else []
    if steps > len(before):
        raise NoReleaseError(
            f"this host's history has no {steps} release{'s' if steps > 1 else ''} before the one that serves "
            f"({current or 'none'}): {_choice(released, kept, current)}"
        )
    chosen = before[-steps]
    if chosen not in kept:
        raise NoReleaseError(
            f"release {chosen}, {steps} back, is not on this host any more (release_keep says how many stay): "
            f"{_choice(released, kept, current)}"
        )
    return chosen


def _choice(released: list[str], kept: set[str], current: str | None) -> str:
    others = [name for name in reversed(released) if name in kept and name != current]
    others += sorted(kept - set(others) - {current or ""})
    return f"choose one of {', '.join(others)}" if others else "there is no other, so release another version instead"
