"""What the raw results say: losses with their causes, latencies, streams, switches."""

from __future__ import annotations

import math
import statistics
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import itemgetter
from typing import Any

TENTHS_A_SECOND = 10_000
SETTLED = 3.0
"""Seconds after a switch in which requests may still wait behind each other."""
SPAN = 3.0
"""Seconds of the spans that steady time is looked at in."""


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
class Slowness:
    """The 99th percentile of latencies: the median of those of several spans of time, and that of all together.

    On a machine that others share, a few bad moments make the second one; the first tells what is usual.
    """

    median: float
    overall: float


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
    rate: float
    """Requests a second that the clients meant to send."""
    p99: Slowness
    """Without a switch: before the first one, and from `SETTLED` after one until the next."""
    p99_switching: Slowness
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
    steady: dict[int, list[int]] = defaultdict(list)
    switching: dict[int, list[int]] = defaultdict(list)
    for due, latency in answered:
        if (switch := place(due, windows)) is not None:
            switching[switch].append(latency)
        elif place(due, unsettled) is None:
            steady[int(due / SPAN)].append(latency)
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
        rate=measurement["plan"]["rate"],
        p99=_slowness(steady.values()),
        p99_switching=_slowness(switching.values()),
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


def _slowness(spans: Collection[list[int]]) -> Slowness:
    slow = [percentile(span, 99) / 10 for span in spans]
    together = [latency for span in spans for latency in span]
    return Slowness(statistics.median(slow or [0.0]), percentile(together, 99) / 10)


def place(time: float, windows: Sequence[tuple[float, float]]) -> int | None:
    """Return which of the windows, in the order of time, has a time; None where it lies in none."""
    number = bisect(windows, time, key=itemgetter(0)) - 1
    return number if number >= 0 and time < windows[number][1] else None


def percentile(values: Sequence[int], share: float) -> int:
    """Return the smallest value that `share` percent of them do not exceed; 0 where there is none."""
    if not values:
        return 0
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)]
