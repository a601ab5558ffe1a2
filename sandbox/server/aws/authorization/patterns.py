"""IAM's wildcards, ``*`` for any characters and ``?`` for one, and its policy variables, ``${aws:userid}``."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


@functools.lru_cache(maxsize=1024)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    parts = (".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in pattern)
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def matches(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    """Whether the whole of *value* matches *pattern*."""
    return _compiled(pattern, ignore_case).fullmatch(value) is not None


def resolve(pattern: str, context: Mapping[str, tuple[str, ...]]) -> str | None:
    """*pattern* with the context's values in place of its policy variables; None if one has no single value."""
    missing = False

    def value_of(match: re.Match[str]) -> str:
        nonlocal missing
        values = context.get(match[1].lower(), ())
        missing = missing or len(values) != 1
        return values[0] if len(values) == 1 else ""

    resolved = _VARIABLE.sub(value_of, pattern)
    return None if missing else resolved
