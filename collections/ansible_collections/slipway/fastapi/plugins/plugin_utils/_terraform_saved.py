"""Saved plans: a file for each run, which that run alone applies.

A file that two runs share holds the later plan of the two. A yes to the first would apply the second.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

SUFFIX = ".tfplan"
GONE = "Nothing was changed: the plan that was shown is no longer in {path}. Run this again."
CHANGED = "Nothing was changed: the plan in {path} is not the one that was shown. Run this again."


class SavedPlanError(Exception):
    """The file is not the plan that was shown; the message is meant for a person."""


@dataclass(frozen=True)
class SavedPlan:
    """A plan file, and the SHA-256 that it had when its plan was shown."""

    path: Path
    sha256: str

    @classmethod
    def of(cls, path: Path) -> SavedPlan:
        """The plan as it lies in the file now."""
        return cls(path, _sha256(path))

    def check(self) -> None:
        """Raise SavedPlanError unless the file is still what it was."""
        try:
            now = _sha256(self.path)
        except FileNotFoundError:
            raise SavedPlanError(GONE.format(path=self.path)) from None
        if now != self.sha256:
            raise SavedPlanError(CHANGED.format(path=self.path))

    def remove(self) -> None:
        """Delete the file, which has values of the state in clear text."""
        self.path.unlink(missing_ok=True)


def new_file(folder: Path, run: int) -> Path:
    """An empty file for the plan of the process *run*, after deleting those of processes that have ended.

    A run whose plan was declined, or that was killed, leaves its file to the next one. Only the owner may read it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in folder.glob(f"*{SUFFIX}"):
        if not _alive(path.name.partition("-")[0]):
            path.unlink(missing_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f"{run}-", suffix=SUFFIX, dir=folder)
    os.close(descriptor)
    return Path(name)


def _alive(run: str) -> bool:
    try:
        os.kill(int(run), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
