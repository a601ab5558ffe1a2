"""`/health`: is this process serving, and which release is it?"""

from __future__ import annotations

import os

from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter()


class Health(BaseModel):
    """`release` is the id that Slipway gave the running release; null where the service was started by hand."""

    status: str
    release: str | None


@router.get("/health")
async def health() -> Health:
    """Answer without touching a dependency: a database that is down is no reason to restart the service."""
    return Health(status="ok", release=os.environ.get("SLIPWAY_RELEASE"))
