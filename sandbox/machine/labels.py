"""Docker labels. Everything that the sandbox makes has them, so that it can be found and removed."""

from __future__ import annotations

from typing import Literal

Kind = Literal["host", "database"]

#: The instance of the sandbox: ``main`` or ``test``.
SANDBOX = "slipway.sandbox"
#: What a container represents.
KIND = "slipway.kind"
#: The EC2 instance id, the RDS identifier or the VPC id.
IDENTITY = "slipway.id"
#: On images: which of the sandbox's images it is.
IMAGE = "slipway.image"


def of(sandbox: str, kind: str, identity: str) -> dict[str, str]:
    """The labels of one object."""
    return {SANDBOX: sandbox, KIND: kind, IDENTITY: identity}


def selector(sandbox: str) -> dict[str, str]:
    """A filter for the engine's lists: everything of one sandbox."""
    return {"label": f"{SANDBOX}={sandbox}"}
