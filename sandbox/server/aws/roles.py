"""A role's permissions boundary must exist. moto accepts any ARN.

The error's words are from public logs of `rosa create operator-roles --permissions-boundary`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from moto.iam.exceptions import NoSuchEntity, NotFoundException
from moto.iam.models import IAMBackend

from sandbox.server.aws.patching import replaces


def install() -> None:
    """Let both operations that set a boundary check that it exists."""
    for operation in ("create_role", "put_role_permissions_boundary"):
        _check_boundary(operation)


def _check_boundary(operation: str) -> None:
    signature = inspect.signature(getattr(IAMBackend, operation))

    @replaces(IAMBackend, operation)
    def checked(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        asked = signature.bind(*args, **kwargs).arguments
        boundary = asked.get("permissions_boundary")
        if boundary:
            try:
                asked["self"].get_policy(boundary)
            except NotFoundException:
                message = f"Scope ARN: {boundary} does not exist or is not attachable."
                raise NoSuchEntity(message) from None
        return original(*args, **kwargs)
