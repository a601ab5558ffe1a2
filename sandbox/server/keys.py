"""The API keys that the stubs accept, kept in ``app.env`` for the applications that use them."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.server.files import write_private

_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Keys:
    """One key for each of the outside services."""

    tavily: str = field(repr=False)
    gemini: str = field(repr=False)


def ensure(path: Path) -> Keys:
    """The keys in the dotenv file *path*; new ones, written there for the owner only, if it lacks either."""
    held = _read(path) if path.exists() else {}
    try:
        return Keys(held["TAVILY_API_KEY"], held["GEMINI_API_KEY"])
    except KeyError:
        keys = Keys(f"tvly-sandbox-{_random(32)}", f"AIza{_random(35)}")
        lines = f"TAVILY_API_KEY={keys.tavily}\nGEMINI_API_KEY={keys.gemini}\n"
        write_private(path, lines.encode())
        return keys


def _read(path: Path) -> dict[str, str]:
    lines = (line.partition("=") for line in path.read_text().splitlines())
    return {name: value for name, equals, value in lines if equals and value}


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
