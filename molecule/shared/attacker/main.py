"""The smallest application that a release can contain. It has no requirements, so it gets Slipway's defaults."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

app = FastAPI()


@app.get("/health")
def health() -> dict[str, str]:
    """Report that the service runs, and its release."""
    return {"status": "ok", "release": os.environ["SLIPWAY_RELEASE"]}


@app.get("/client")
def client(request: Request) -> dict[str, str | None]:
    """Return the client's address, as the application sees it."""
    return {"address": request.client.host if request.client else None, "scheme": request.url.scheme}


@app.get("/events")
def events() -> StreamingResponse:
    """Send the time in five events."""

    async def tell() -> AsyncIterator[str]:
        for _ in range(5):
            yield f"data: {time.time()}\n\n"
            await asyncio.sleep(0.3)

    return StreamingResponse(tell(), media_type="text/event-stream")
