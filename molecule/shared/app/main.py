"""The smallest application that a release can hold. It brings no requirements, and gets what Slipway takes then."""

from __future__ import annotations

import os

from fastapi import FastAPI

app = FastAPI()


@app.get("/health")
def health() -> dict[str, str]:
    """Say that it lives, and as which release."""
    return {"status": "ok", "release": os.environ["SLIPWAY_RELEASE"]}
