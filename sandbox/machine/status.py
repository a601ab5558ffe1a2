"""The status that the server process writes for other processes: a small JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FILE_NAME = "status.json"


@dataclass
class ImageStatus:
    """*state* is waiting, building, ready or failed; *detail* the last line of progress, or the error."""

    state: str = "waiting"
    detail: str = ""
    seconds: float = 0.0


@dataclass
class MachineStatus:
    """An instance's or a database's container. *problem* is empty if there is none."""

    identity: str
    state: str
    address: str
    container: str
    problem: str = ""


@dataclass
class Status:
    """Everything that ``python -m sandbox status`` shows."""

    images: Mapping[Any, ImageStatus] = field(default_factory=dict)
    hosts: list[MachineStatus] = field(default_factory=list)
    databases: list[MachineStatus] = field(default_factory=list)
    #: One sentence each.
    problems: list[str] = field(default_factory=list)


def write(directory: Path, status: Status) -> None:
    """Replace the file in *directory* in one step, so that a reader never sees half of it."""
    target = directory / FILE_NAME
    draft = target.with_suffix(".new")
    draft.write_text(json.dumps(asdict(status), indent=1, sort_keys=True) + "\n")
    draft.replace(target)


def read(directory: Path) -> dict[str, Any]:
    """The file's content, or nothing if there is no file yet."""
    try:
        content = json.loads((directory / FILE_NAME).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return content if isinstance(content, dict) else {}
