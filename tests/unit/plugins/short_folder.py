"""A folder for Unix sockets, whose path must be shorter than 108 characters: pytest's own can be too long."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def short_folder() -> Iterator[Path]:
    """Make one, and remove it at the end."""
    with tempfile.TemporaryDirectory(prefix="slip-") as folder:
        yield Path(folder)
