"""Applications to release: one that works, in any number of versions, and some that do not."""

from __future__ import annotations

import io
import stat
import warnings
import zipfile
from collections.abc import Mapping

# Health reports the release, so that a client behind HAProxy knows which release answered.
MAIN = """
import asyncio, os
from fastapi import FastAPI
from fastapi.responses import JSONResponse, StreamingResponse
{start}
app = FastAPI()
asked = 0

@app.get("/health")
async def health():
    global asked
    asked += 1
    return JSONResponse({{"release": os.environ["SLIPWAY_RELEASE"], "version": {version!r}}}, {status})

@app.get("/stream")
async def stream():
    async def events():
        while True:
            yield "data: tick\\n\\n"
            await asyncio.sleep(0.2)
    return StreamingResponse(events(), media_type="text/event-stream")
"""


def service(version: str, start: str = "", status: str = "200") -> str:
    """The source of a service. `start` runs before it listens. `status` is the expression for its health status."""
    return MAIN.format(version=version, start=start, status=status)


def archive(files: Mapping[str, str | bytes], modes: Mapping[str, int] | None = None) -> bytes:
    """A zip of these files. They are ordinary files unless `modes` sets another mode (0o120777: a link)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (modes or {}).get(name, stat.S_IFREG | 0o644) << 16
            target.writestr(entry, content)
    return buffer.getvalue()


def twice(files: Mapping[str, str | bytes], name: str) -> bytes:
    """A zip of these files that contains one of them twice."""
    buffer = io.BytesIO(archive(files))
    with zipfile.ZipFile(buffer, "a") as target, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        target.writestr(name, files[name])
    return buffer.getvalue()


def hook(name: str, text: str) -> tuple[dict[str, str], dict[str, int]]:
    """A hook, in the form that `archive` takes."""
    return {f"hooks/{name}": text}, {f"hooks/{name}": stat.S_IFREG | 0o755}
