"""Keeps a release that another has overtaken from changing a host: the lease's generation, remembered by the host.

A lease (`slipway.fastapi.lease`) numbers the releases of a fleet. Its holder can be paused for longer than the lease
lasts, and goes on when it wakes without knowing that another release has begun. So each host remembers the highest
number that has worked on it, and refuses a lower one. The number is judged and stored under the lock that every change
of a release is made under: the run that holds it cannot be overtaken on this host until it releases the lock.

Only the standard library is used, and Python 3.9 is enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.slipway.fastapi.plugins.module_utils._release.layout import Layout
from ansible_collections.slipway.fastapi.plugins.module_utils._system import files

NAME = ".generation"

ARGUMENTS: dict[str, dict[str, Any]] = {"generation": {"type": "int", "default": 0}}
"""The option of modules that change a host for a release."""


class FencedError(Exception):
    """Another release has overtaken this one, or what this host remembers cannot be read; the text says what to do."""


@dataclass(frozen=True)
class Fence:
    """What a run with the generation of a lease may still do on this host. Generation 0 asks and remembers nothing."""

    top: Path
    """Directory of the application."""
    generation: int

    def check(self) -> None:
        """Looks only. To be called before work that would be in vain, and under the lock before each step that counts.

        Raises FencedError.
        """
        if self.generation < 0:
            raise FencedError("generation must not be negative: it is the number that slipway.fastapi.lease returns")
        if not self.generation:
            return
        highest = stored(self.top)
        if highest > self.generation:
            raise FencedError(
                f"another release has begun on this host since this one did (this one has generation "
                f"{self.generation} of the lease, the other {highest}), so this one must not change anything any more: "
                "see who it is and whether it has ended (make releases), then run this again"
            )

    @contextmanager
    def held(self, patience: float) -> Iterator[int]:
        """Holds the lock, having checked and remembered the generation under it, and hands out its descriptor.

        Args:
            patience: seconds to wait for another holder.

        Raises:
            FencedError: another release has overtaken this one.
            BusyError: somebody else held the lock all that time.
            OSError: the file system does not let itself be written.
        """
        if not self.top.is_dir():
            raise FencedError(f"{self.top} does not exist: run the role base first, which makes it")
        with files.locked(Layout(self.top).lock, patience) as lock:
            self.check()
            if self.generation and self.generation != stored(self.top):
                files.write_file(self.top / NAME, f"{self.generation}\n".encode(), 0o600)
                files.flush_names(self.top)
            yield lock

    def remember(self, patience: float) -> None:
        """Checks and remembers, where there is nothing else to do. Raises what `held` raises."""
        self.check()
        if self.generation and self.generation != stored(self.top):
            with self.held(patience):
                pass


def stored(top: Path) -> int:
    """The highest generation that has worked on this host; 0 if none has. Raises FencedError if it cannot be read."""
    path = top / NAME
    try:
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        return 0
    except UnicodeDecodeError:
        text = ""
    if not text.strip().isdigit():
        raise FencedError(
            f"{path} does not hold the generation of a lease, so another release may have begun: "
            "remove it when none is under way, and run this again"
        )
    return int(text)
