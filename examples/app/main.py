"""The sample service: `uvicorn main:app` serves it.

It stands for the services that Slipway deploys: a JSON API with an SSE stream that uses Postgres, S3, Tavily and
Gemini. Importing it and starting it touch none of the four, so that a dependency that is down never keeps the service
from answering `/health`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from service import content, echo, events, health, jobs, objects
from service.failures import DependencyError, answer_failure

UPSTREAM_TIMEOUT_SECONDS = 30.0
CONNECT_TIMEOUT_SECONDS = 5.0


@asynccontextmanager
async def lifespan(application: FastAPI) -> AsyncIterator[None]:
    """Keep one HTTP client, and so its open connections, for the life of the process."""
    timeout = httpx.Timeout(UPSTREAM_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS)
    # httpx trusts SSL_CERT_FILE where it is set: Slipway points it at the system's CA list.
    async with httpx.AsyncClient(timeout=timeout) as client:
        application.state.http = client
        yield


app = FastAPI(title="Location content", lifespan=lifespan)
app.add_exception_handler(DependencyError, answer_failure)
for module in (health, echo, events, jobs, objects, content):
    app.include_router(module.router)
