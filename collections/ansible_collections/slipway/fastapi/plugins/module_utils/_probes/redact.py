"""Takes secret values out of text, as the last of several reasons why none gets into a report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

SECRET_NAME = re.compile(r"KEY|SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|DATABASE_URL|DSN", re.IGNORECASE)
"""Names of environment variables whose values are taken for secrets."""

SHORTEST = 6
"""Shorter values are no secrets worth the name, and replacing them would make messages unreadable."""


def secrets_in(environment: Mapping[str, str]) -> set[str]:
    """The values to hide: those of variables with a secret's name, and passwords inside URLs of any variable."""
    found: set[str] = set()
    for name, value in environment.items():
        if SECRET_NAME.search(name):
            found.add(value)
        if "://" in value:
            try:
                password = urlsplit(value).password
            except ValueError:
                password = None
            if password:
                found |= {password, unquote(password)}
    return found


class Redactor:
    """Replaces each of the given values, as it is or percent-encoded, by `***`."""

    def __init__(self, values: Iterable[str]) -> None:
        known = {value for value in values if len(value) >= SHORTEST}
        known |= {quote(value, safe="") for value in known}
        # The longest first: one secret may be a part of another.
        ordered = sorted(known, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def text(self, text: str) -> str:
        """The text without the values."""
        return self._pattern.sub("***", text) if self._pattern else text

    def tree(self, value: Any) -> Any:
        """The same for every string in nested dictionaries and lists."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.tree(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.tree(item) for item in value]
        return value
