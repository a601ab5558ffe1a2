"""Writes files completely or not at all, and private ones for their owner only."""

from __future__ import annotations

import os
from pathlib import Path


def write_private(path: Path, contents: bytes, mode: int = 0o600) -> None:
    """Write *contents* to *path* with *mode*, completely or not at all. Missing folders are made for the owner only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(contents)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
