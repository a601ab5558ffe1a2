"""`/events`: a stream of server-sent events, one by one, that a client can take up again where it ended."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator
from datetime import datetime, timezone
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from service.drain import sleep_unless_draining

router = APIRouter()
log = logging.getLogger("uvicorn.error")

# A proxy that buffers would hand the events over in one lump at the end.
STREAM_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
MOST_EVENTS = 10_000
RETRY_MILLISECONDS = 200
"""How long a browser waits before it takes a stream up again."""
FINISHED_SECONDS = 5
"""A stream that needs no longer than this is sent to its end, also by a process that is to stop."""


@router.get("/events")
async def events(
    request: Request,
    count: Annotated[int, Query(ge=1, le=MOST_EVENTS)] = 10,
    interval: Annotated[float, Query(ge=0.01, le=60, description="seconds between two events")] = 1.0,
    last_event_id: Annotated[int, Header(ge=0, le=MOST_EVENTS, description="the last that the client has")] = 0,
) -> Response:
    """Send the events up to number `count`, `interval` seconds apart, and an event `end`.

    A browser takes up a stream that was ended with the header Last-Event-ID, and stops at an answer 204.
    """
    if last_event_id >= count:
        return Response(status_code=204)
    stream = _stream(request, last_event_id, count, interval)
    return StreamingResponse(stream, media_type="text/event-stream", headers=STREAM_HEADERS)


async def _stream(request: Request, sent: int, count: int, interval: float) -> AsyncIterator[str]:
    reason = "complete"
    first = sent
    try:
        while sent < count and not await request.is_disconnected():
            if sent > first and not await _pause(interval, (count - sent) * interval):
                reason = "restart"
                break
            sent += 1
            yield _event("tick", number=sent, of=count, at=datetime.now(timezone.utc).isoformat())
        yield _event("end", number=sent, of=count, reason=reason)
    finally:
        log.info("event stream ended after %d of %d", sent, count)


async def _pause(seconds: float, left: float) -> bool:
    """Sleep between two events; False when the stream is to end here. `left` is how long it would still take."""
    if left <= FINISHED_SECONDS:
        await asyncio.sleep(seconds)
        return True
    return await sleep_unless_draining(seconds)


def _event(kind: str, number: int, **facts: Any) -> str:
    """Return one event in the wire format of the HTML standard, with its number as id."""
    data = json.dumps({"number": number, **facts, "release": os.environ.get("SLIPWAY_RELEASE")})
    retry = f"retry: {RETRY_MILLISECONDS}\n" if kind == "end" else ""
    return f"{retry}id: {number}\nevent: {kind}\ndata: {data}\n\n"
