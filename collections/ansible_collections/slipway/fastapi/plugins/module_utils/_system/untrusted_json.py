"""Reads JSON that another account, another machine or a person has written."""

from __future__ import annotations

import json
from typing import Any

DEEPEST = 32
"""Levels of lists and objects. What is read here has about ten at most, in states of Terraform."""


def loads(text: str | bytes) -> Any:
    """What the text holds.

    Raises:
        ValueError: it is no JSON, or so deep that Python cannot read it, or not write it again.
    """
    try:
        content = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    level = [content]
    for _ in range(DEEPEST + 1):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return content
    raise ValueError(f"it is nested in more than {DEEPEST} levels")


def _inside(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
