"""Runs work on containers in threads: one task at a time for each container, and a growing pause after each failure."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Container
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from docker.errors import APIError, DockerException

log = logging.getLogger(__name__)

#: What a task works on: its kind and identity.
Key = tuple[str, str]

#: The number of simultaneous tasks. The start of a container is mostly waiting.
WORKERS = 8
#: Seconds before a failed task is tried again. They double with each failure, up to the second number.
FIRST_DELAY, LAST_DELAY = 2.0, 30.0


@dataclass(frozen=True)
class _Failure:
    count: int
    #: When to try again, on the monotonic clock.
    after: float
    message: str


class Attempts:
    """Runs tasks and remembers failures. Safe to use from several threads."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="machine")
        self._lock = threading.Lock()
        self._busy: set[Key] = set()
        self._failures: dict[Key, _Failure] = {}

    def submit(self, key: Key, what: str, work: Callable[[], object], *, quiet: bool = False) -> None:
        """Run *work* in a thread, unless a task runs for *key* or its pause is not over.

        *quiet*: success is not logged.
        """
        with self._lock:
            if key in self._busy or self._pausing(key):
                return
            self._busy.add(key)
        self._pool.submit(self._run, key, what, work, quiet)

    def perform(self, key: Key, what: str, work: Callable[[], object]) -> bool:
        """Run *work* in this thread, unless its pause is not over; return whether it ran and succeeded."""
        with self._lock:
            if self._pausing(key):
                return False
        return self._run(key, what, work, quiet=True)

    def problem(self, key: Key) -> str:
        """Why the last attempt failed, in one sentence; empty if it did not."""
        with self._lock:
            failure = self._failures.get(key)
            return failure.message if failure else ""

    def problems(self) -> list[str]:
        """All current failures, one sentence each."""
        with self._lock:
            return [failure.message for failure in self._failures.values()]

    def keep(self, known: Container[Key]) -> None:
        """Forget the failures of everything except *known*: an identifier can be used again."""
        with self._lock:
            self._failures = {key: failure for key, failure in self._failures.items() if key in known}

    def close(self) -> None:
        """Start nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _pausing(self, key: Key) -> bool:
        failure = self._failures.get(key)
        return failure is not None and time.monotonic() < failure.after

    def _run(self, key: Key, what: str, work: Callable[[], object], quiet: bool) -> bool:
        began = time.monotonic()
        try:
            work()
        except (DockerException, OSError, RuntimeError) as error:
            self._fail(key, f"{key[0]} {key[1]}: {what}: {describe(error)}")
            return False
        else:
            with self._lock:
                self._failures.pop(key, None)
            if not quiet:
                log.info("%s %s: %s took %.1f s", *key, what, time.monotonic() - began)
            return True
        finally:
            with self._lock:
                self._busy.discard(key)

    def _fail(self, key: Key, message: str) -> None:
        with self._lock:
            count = self._failures[key].count + 1 if key in self._failures else 1
            delay = min(FIRST_DELAY * 2 ** (count - 1), LAST_DELAY)
            self._failures[key] = _Failure(count, time.monotonic() + delay, message)
        log.warning("%s (attempt %d, the next in %.0f s)", message, count, delay)


def describe(error: BaseException) -> str:
    """An error as one line. If the engine explains it, the explanation."""
    text = error.explanation if isinstance(error, APIError) and error.explanation else str(error)
    return " ".join(str(text).split())
