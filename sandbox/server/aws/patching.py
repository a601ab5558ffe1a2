"""How a fix changes moto: a decorator that replaces a method and passes the original to the replacement."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def replaces(owner: type, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Replace the method *name* of *owner* by the decorated function, whose first argument is the original.

    Raises AttributeError if moto has no such method, so that a new version of moto cannot drop the fix silently.
    """
    original = getattr(owner, name)

    def install(fix: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def replacement(*args: Any, **kwargs: Any) -> Any:
            return fix(original, *args, **kwargs)

        setattr(owner, name, replacement)
        return fix

    return install
