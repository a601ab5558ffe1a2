"""The smallest application that a release can hold. It brings no requirements, and gets what Slipway takes then."""

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
    """Say that it lives, and as which release."""
    return {"status": "ok", "release": os.environ["SLIPWAY_RELEASE"]}


@app.get("/client")
def client(request: Request) -> dict[str, str | None]:
    """Say who asks, as far as it knows."""
    return {"address": request.client.host if request.client else None, "scheme": request.url.scheme}


@app.get("/events")
def events() -> StreamingResponse:
    """Tell the time five times, each as an event of its own."""

    async def tell() -> AsyncIterator[str]:
        for _ in range(5):
            yield f"data: {time.time()}\n\n"
            await asyncio.sleep(0.3)

    return StreamingResponse(tell(), media_type="text/event-stream")
