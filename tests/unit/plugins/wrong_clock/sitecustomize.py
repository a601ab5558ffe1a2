"""A machine whose clock is wrong by TEST_CLOCK_HOURS, as far as Python programs can tell."""

from __future__ import annotations

import datetime
import os
import time

_SECONDS = float(os.environ["TEST_CLOCK_HOURS"]) * 3600
_time = time.time


def _wrong_time() -> float:
    return _time() + _SECONDS


class _WrongDatetime(datetime.datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> _WrongDatetime:
        return cls.fromtimestamp(_wrong_time(), tz)


time.time = _wrong_time
datetime.datetime = _WrongDatetime  # type: ignore[misc]
