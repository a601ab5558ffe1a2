"""Is this process about to be stopped for a newer release?

Slipway tells a process by a file: when the one that SLIPWAY_DRAIN_FILE names appears, new requests go to the newer
release already, and this process is stopped when its last answer is complete, or at a deadline. Most services need not
care. One with streams that outlast the deadline can end them itself, at a good place.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

LOOK_EVERY_SECONDS = 0.25


def draining() -> bool:
    """Return whether the notice is there; never without Slipway, which sets the variable."""
    notice = os.environ.get("SLIPWAY_DRAIN_FILE")
    return bool(notice) and Path(str(notice)).exists()


async def sleep_unless_draining(seconds: float) -> bool:
    """Sleep, and return True; or return False as soon as this process is draining."""
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    while not draining():
        left = end - clock()
        if left <= 0:
            return True
        await asyncio.sleep(min(left, LOOK_EVERY_SECONDS))
    return False
