"""The API keys that the stubs accept, kept in ``app.env`` for the applications that use them."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable
from pathlib import Path

from sandbox.files import write_private
from sandbox.project import Key

_ALPHABET = string.ascii_letters + string.digits


def ensure(path: Path, wanted: Iterable[Key]) -> dict[str, str]:
    """The keys in the dotenv file *path*, by variable. Missing ones are made and written there, for the owner only."""
    present = _read(path) if path.exists() else {}
    keys = {key.variable: present.get(key.variable) or _new(key) for key in wanted}
    if keys != present or not path.exists():
        write_private(path, "".join(f"{variable}={value}\n" for variable, value in keys.items()).encode())
    return keys


def _read(path: Path) -> dict[str, str]:
    lines = (line.partition("=") for line in path.read_text().splitlines())
    return {name: value for name, equals, value in lines if equals and value}


def _new(key: Key) -> str:
    return key.prefix + "".join(secrets.choice(_ALPHABET) for _ in range(key.length))
