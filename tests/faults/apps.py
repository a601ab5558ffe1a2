"""Applications to release: one that works, in as many versions as are wanted, and some that do not."""

from __future__ import annotations

import io
import stat
import warnings
import zipfile
from collections.abc import Mapping

# Health tells the release, so that whoever asks through HAProxy learns what it has reached.
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
    """The source of a service: `start` is run before it listens, `status` is the expression of its health's status."""
    return MAIN.format(version=version, start=start, status=status)


def archive(files: Mapping[str, str | bytes], modes: Mapping[str, int] | None = None) -> bytes:
    """A zip of these files, which are ordinary ones where `modes` does not say otherwise (0o120777: a link)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (modes or {}).get(name, stat.S_IFREG | 0o644) << 16
            target.writestr(entry, content)
    return buffer.getvalue()


def twice(files: Mapping[str, str | bytes], name: str) -> bytes:
    """A zip of these files, with one of them a second time."""
    buffer = io.BytesIO(archive(files))
    with zipfile.ZipFile(buffer, "a") as target, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        target.writestr(name, files[name])
    return buffer.getvalue()


def hook(name: str, text: str) -> tuple[dict[str, str], dict[str, int]]:
    """A hook, as what `archive` takes."""
    return {f"hooks/{name}": text}, {f"hooks/{name}": stat.S_IFREG | 0o755}
