"""`/echo`: says back what it was sent, for a look at what arrives."""

from __future__ import annotations

import os

from fastapi import APIRouter
from pydantic import BaseModel, Field

router = APIRouter()


class Message(BaseModel):
    """What a client sends."""

    text: str = Field(max_length=10_000)


class Echo(Message):
    """What it gets back, and from which release."""

    release: str | None


@router.post("/echo")
async def echo(message: Message) -> Echo:
    """Answer with the text that came."""
    return Echo(text=message.text, release=os.environ.get("SLIPWAY_RELEASE"))
