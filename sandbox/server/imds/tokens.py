"""IMDSv2's session tokens."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

#: The longest lifetime of a token in seconds: six hours.
LONGEST_SECONDS = 21600


class Tokens:
    """The issued tokens. Each is valid for one instance, until it expires."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._issued: dict[str, tuple[str, float]] = {}

    def issue(self, instance_id: str, seconds: int) -> str:
        """A new token for the instance. Raises ValueError for a lifetime that EC2 refuses."""
        if not 1 <= seconds <= LONGEST_SECONDS:
            raise ValueError(f"a token lives for 1 to {LONGEST_SECONDS} seconds, not {seconds}")
        token = secrets.token_urlsafe(42)
        now = self._clock()
        with self._lock:
            self._issued = {each: entry for each, entry in self._issued.items() if entry[1] > now}
            self._issued[token] = (instance_id, now + seconds)
        return token

    def accepts(self, token: str, instance_id: str) -> bool:
        """Whether *token* was issued to the instance and has not expired."""
        with self._lock:
            owner, ends = self._issued.get(token, ("", 0.0))
        return owner == instance_id and ends > self._clock()
