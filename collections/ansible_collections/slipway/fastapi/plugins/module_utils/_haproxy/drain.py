"""Waiting until a service that has no new requests has ended those that it has."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.module_utils._haproxy.haproxy import connections

RUN = Path("/run")
"""Where systemd makes each service a folder for its socket."""
NOTICE = "drain"
"""The file in the folder of the service's socket that tells the service to end its streams."""
SOCKET = "app.sock"
PAUSE = 0.1
"""Seconds between two looks."""
QUIET = 4
"""Looks in a row that must see no connection: a request that HAProxy has just sent needs a moment to arrive."""


def folder_of(unit: str, slot: str) -> Path:
    """Where a slot of a service has its socket."""
    return RUN / f"{unit}-{slot}"


def give_notice(folder: Path) -> None:
    """Makes the file that tells the service. The folder is the service's own: nothing that lies there is followed.

    A service that has ended in the meantime has taken its folder with it.
    """
    with suppress(FileExistsError, FileNotFoundError):
        os.close(os.open(folder / NOTICE, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644))


def wait(
    folder: Path,
    deadline: float,
    *,
    count: Callable[[Path], int] = connections,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Waits until nothing is in progress, and returns how many requests and streams are when the time is up.

    Args:
        folder: where the service has its socket.
        deadline: seconds from now.
        count, clock, sleep: for tests.
    """
    give_notice(folder)
    end, quiet = clock() + deadline, 0
    while True:
        left = count(folder / SOCKET)
        quiet = 0 if left else quiet + 1
        if quiet >= QUIET:
            return 0
        if clock() >= end:
            return left
        sleep(PAUSE)
