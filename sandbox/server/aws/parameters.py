"""Systems Manager's limits on parameters (AWS General Reference, "AWS Systems Manager endpoints and quotas")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.ssm.exceptions import ValidationException
from moto.ssm.models import SimpleSystemManagerBackend

from sandbox.server.aws.patching import replaces

STANDARD_BYTES = 4096
ADVANCED_BYTES = 8192


def fault(value: str, tier: str | None) -> str | None:
    """AWS's message if *value* is too long for *tier*, or None. Lengths are in bytes of UTF-8."""
    size = len(value.encode())
    if tier in (None, "Standard") and size > STANDARD_BYTES:
        return (
            "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger "
            "parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see "
            "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
        )
    if size > ADVANCED_BYTES:
        return "Advanced tier parameters support a maximum parameter value of 8192 characters."
    return None


def install() -> None:
    """Refuse values that AWS refuses; moto takes any length, and a .env that fits here must fit there."""

    @replaces(SimpleSystemManagerBackend, "put_parameter")
    def put_parameter(
        original: Callable[..., Any],
        backend: Any,
        name: str,
        description: str,
        value: str,
        *args: Any,
        tier: str | None = None,
        **kwargs: Any,
    ) -> Any:
        previous = backend.get_parameter(name)
        message = fault(value or "", tier or (previous.tier if previous else None))
        if message:
            raise ValidationException(message)
        return original(backend, name, description, value, *args, tier=tier, **kwargs)
