"""`/events`: a stream of server-sent events, one by one."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from datetime import datetime, timezone
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

router = APIRouter()
log = logging.getLogger("uvicorn.error")

# A proxy that buffers would hand the events over in one lump at the end.
STREAM_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


@router.get("/events")
async def events(
    request: Request,
    count: Annotated[int, Query(ge=1, le=10_000)] = 10,
    interval: Annotated[float, Query(ge=0.01, le=60, description="seconds between two events")] = 1.0,
) -> StreamingResponse:
    """Send `count` events, `interval` seconds apart, and end."""
    return StreamingResponse(_stream(request, count, interval), media_type="text/event-stream", headers=STREAM_HEADERS)


async def _stream(request: Request, count: int, interval: float) -> AsyncIterator[str]:
    sent = 0
    try:
        while sent < count and not await request.is_disconnected():
            if sent:
                await asyncio.sleep(interval)
            yield format_event(sent + 1, count)
            sent += 1
    finally:
        log.info("event stream ended after %d of %d", sent, count)


def format_event(number: int, count: int) -> str:
    """Return one event in the wire format of the HTML standard, with its number as id."""
    data = json.dumps({"number": number, "of": count, "at": datetime.now(timezone.utc).isoformat()})
    return f"id: {number}\nevent: tick\ndata: {data}\n\n"
