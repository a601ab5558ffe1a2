"""Files for containers: a tar archive in memory, which the engine unpacks before the container's first start.

A mount would need paths on the engine's machine and labels that SELinux accepts. A copy needs neither.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """One file: *path* without a leading slash."""

    path: str
    content: bytes
    mode: int = 0o644
    uid: int = 0
    gid: int = 0


def pack(files: Iterable[File]) -> bytes:
    """A tar archive of *files*. The engine creates missing parent folders, owned by root."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for file in files:
            entry = tarfile.TarInfo(file.path)
            entry.size, entry.mode, entry.uid, entry.gid = len(file.content), file.mode, file.uid, file.gid
            archive.addfile(entry, io.BytesIO(file.content))
    return buffer.getvalue()
