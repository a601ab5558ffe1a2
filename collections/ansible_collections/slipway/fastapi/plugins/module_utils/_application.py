"""What runs in an artifact, written `MODULE:NAME`: the one place that says what that may look like.

The text comes from a person, from the metadata of an object in S3 or from an inventory, and ends up in systemd's units
and environment files. There a space, a quote or a line break would begin another setting.

Only the standard library is used, and Python 3.9 is enough.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*"
# ASCII, as the metadata of S3 is.
_APPLICATION = re.compile(rf"(?P<module>{_NAME}):(?P<name>{_NAME})")
_MOST_SHOWN = 60
"""Characters of a wrong text that a message repeats."""


class ApplicationError(ValueError):
    """The text names no application; the message says what to write."""


@dataclass(frozen=True)
class Application:
    """What uvicorn is to run."""

    module: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Application:
        """Read `MODULE:NAME`. Raises ApplicationError for anything else."""
        found = _APPLICATION.fullmatch(text)
        if not found:
            shown = ascii(text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…")
            raise ApplicationError(f"{shown} names no application; write MODULE:NAME, such as main:app")
        return cls(found["module"], found["name"])


def is_application(text: str) -> bool:
    """Whether a text is `MODULE:NAME`."""
    return _APPLICATION.fullmatch(text) is not None
