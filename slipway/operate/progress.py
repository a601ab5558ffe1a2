"""What a person sees on a terminal while a command waits for AWS or for hosts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_shown: list[str] = []
"""What is shown now: a terminal has room for one text."""


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """Show the text on a terminal's standard error while the body runs, unless another one is shown."""
    if _shown or not sys.stderr.isatty():
        yield
        return
    # Only a terminal waits for rich to be loaded.
    from rich.console import Console  # noqa: PLC0415

    _shown.append(text)
    try:
        with Console(stderr=True).status(text):
            yield
    finally:
        _shown.clear()
