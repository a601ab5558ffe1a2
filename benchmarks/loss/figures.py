"""What the raw results say: losses with their causes, latencies, streams, switches."""

from __future__ import annotations

import math
import statistics
from bisect import bisect
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

TENTHS_A_SECOND = 10_000
SETTLED = 3.0
"""Seconds after a switch in which requests may still wait behind each other."""


@dataclass(frozen=True)
class Rows:
    """The requests of one measurement, column by column. Times in tenths of a millisecond."""

    kind: list[str]
    release: list[str]
    cause: list[str]
    due: list[int]
    latency: list[int]

    @classmethod
    def of(cls, requests: Mapping[str, Any]) -> Rows:
        """Take them from the raw results."""
        names = requests["names"]
        return cls(
            [names["kind"][number] for number in requests["kind"]],
            [names["release"][number] for number in requests["release"]],
            [names["cause"][number] for number in requests["cause"]],
            list(accumulate(requests["due_differences"])),
            requests["latency"],
        )


@dataclass(frozen=True)
class Summary:
    """One measurement in figures. Latencies in milliseconds, of the requests that were answered."""

    mechanism: str
    hosts: int
    seconds: float
    switches: int
    switch_seconds: float
    """Median, of the whole command."""
    turn_seconds: float
    """Median, from the command's start to the last request that was lost or answered by the release before."""
    longest_turn_seconds: float
    """Of all switches."""
    requests: int
    lost: int
    causes: Mapping[tuple[str, str], int]
    """Losses by kind of request and cause."""
    streams: int
    """Those that ended while the load ran, or were lost."""
    streams_lost: int
    streams_resumed: int
    """Complete by more than one connection: the service ended them politely."""
    p50: float
    p99: float
    """Without a switch: before the first one, and from `SETTLED` after one until the next."""
    p99_switching: float
    """From the start of a switch's command to its end."""
    longest: float


def summary(measurement: Mapping[str, Any]) -> Summary:
    """Return a measurement's figures."""
    rows = Rows.of(measurement["requests"])
    windows = [(switch["began"], switch["ended"]) for switch in measurement["switches"]]
    answered = [
        (due / TENTHS_A_SECOND, late) for due, late, cause in zip(rows.due, rows.latency, rows.cause) if not cause
    ]
    unsettled = [(began, ended + SETTLED) for began, ended in windows]
    steady = [latency for due, latency in answered if not within(due, unsettled)]
    switching = [latency for due, latency in answered if within(due, windows)]
    turns = _turns(rows, measurement["switches"])
    causes = Counter((kind, cause) for kind, cause in zip(rows.kind, rows.cause) if cause)
    streams = [stream for stream in measurement["streams"] if stream["cause"] != "open"]
    return Summary(
        mechanism=measurement["mechanism"],
        hosts=len(measurement["hosts"]),
        seconds=measurement["seconds"],
        switches=len(windows),
        switch_seconds=statistics.median(ended - began for began, ended in windows),
        turn_seconds=statistics.median(turns),
        longest_turn_seconds=max(turns),
        requests=len(rows.due),
        lost=causes.total(),
        causes=dict(causes),
        streams=len(streams),
        streams_lost=sum(1 for stream in streams if stream["cause"]),
        streams_resumed=sum(1 for stream in streams if not stream["cause"] and stream["connections"] > 1),
        p50=percentile(steady, 50) / 10,
        p99=percentile(steady, 99) / 10,
        p99_switching=percentile(switching, 99) / 10,
        longest=max((latency for _, latency in answered), default=0) / 10,
    )


def _turns(rows: Rows, switches: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return for each switch after how many seconds the last request was due that its release did not answer."""
    begins = [switch["began"] for switch in switches]
    turns = [0.0] * len(switches)
    for due, release in zip(rows.due, rows.release):
        number = bisect(begins, due / TENTHS_A_SECOND) - 1
        if number >= 0 and release != switches[number]["release"]:
            turns[number] = max(turns[number], due / TENTHS_A_SECOND - begins[number])
    return turns


def within(time: float, windows: Sequence[tuple[float, float]]) -> bool:
    """Return whether a time lies in one of the windows."""
    return any(began <= time < ended for began, ended in windows)


def percentile(values: Sequence[int], share: float) -> int:
    """Return the smallest value that `share` percent of them do not exceed; 0 where there is none."""
    if not values:
        return 0
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)]
