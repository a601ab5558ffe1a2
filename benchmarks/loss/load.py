"""Many clients at once, at a set rate, for a bounded time."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.loss.clients import KeptConnection, NewConnections, Pace, Run, requests, streams
from benchmarks.loss.record import Record
from benchmarks.loss.wire import Target

LONGEST_SECONDS = 1800.0
MOST_A_SECOND = 2000
PATIENCE_SECONDS = 15.0
"""How long the end of a load waits for requests and streams that are under way."""


@dataclass(frozen=True)
class Plan:
    """The clients of a load, spread over its targets; `rate` in requests a second, of all together."""

    rate: float
    seconds: float
    """After which it stops by itself."""
    new_get: int = 12
    new_post: int = 12
    kept_get: int = 24
    kept_post: int = 24
    idle: int = 8
    """Clients whose kept connection is idle for `idle_every` seconds between two requests."""
    idle_every: float = 3.0
    streams: int = 16
    stream_events: int = 20
    stream_interval: float = 0.2
    long_streams: int = 4
    long_events: int = 100
    """Longer than the service finishes when it is told to stop: it ends them, and the client goes on."""

    def check(self) -> None:
        """Raises ValueError for a load that is none, or that has no bounds worth the name."""
        if not 0 < self.rate <= MOST_A_SECOND:
            raise ValueError(f"the rate must be above 0 and at most {MOST_A_SECOND} requests a second: {self.rate}")
        if not 0 < self.seconds <= LONGEST_SECONDS:
            raise ValueError(f"a load may take {LONGEST_SECONDS:.0f} seconds at most: {self.seconds}")


class Load:
    """A load that runs while a block does: `async with Load(plan, targets) as load: …`."""

    def __init__(self, plan: Plan, targets: Sequence[Target]) -> None:
        plan.check()
        self.plan = plan
        self.targets = targets
        self.record = Record()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Load:
        # The rows live until the end and have no cycles: looking through them again and again would cost pauses.
        gc.collect()
        gc.disable()
        self.run = Run(self.record, asyncio.get_running_loop().time())
        self._timer = asyncio.get_running_loop().call_later(self.plan.seconds, self.run.stopping.set)
        self._tasks = [asyncio.create_task(client) for client in self._clients()]
        return self

    async def __aexit__(self, *unused: object) -> None:
        self._timer.cancel()
        self.run.stopping.set()
        _, late = await asyncio.wait(self._tasks, timeout=PATIENCE_SECONDS)
        for task in late:
            task.cancel()
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        gc.enable()
        for outcome in outcomes:
            # A client that has a fault measures nothing, and nothing would look like no loss.
            if isinstance(outcome, Exception):
                raise outcome

    def now(self) -> float:
        """Return seconds since the load began."""
        return self.run.now()

    @property
    def ended(self) -> bool:
        """Whether the load has reached its bound and stopped by itself."""
        return self.run.stopping.is_set()

    def _clients(self) -> Iterator[Coroutine[Any, Any, None]]:
        plan = self.plan
        groups = (
            ("new GET", plan.new_get, NewConnections, False),
            ("new POST", plan.new_post, NewConnections, True),
            ("kept GET", plan.kept_get, KeptConnection, False),
            ("kept POST", plan.kept_post, KeptConnection, True),
        )
        steady = sum(number for _, number, _, _ in groups)
        every = steady / plan.rate
        place = 0
        for kind, number, client, post in groups:
            for _ in range(number):
                target = self._target(place)
                yield requests(self.run, kind, target, Pace(every, every * place / steady), client(target, post).send)
                place += 1
        for number in range(plan.idle):
            target = self._target(number)
            pace = Pace(plan.idle_every, plan.idle_every * number / plan.idle)
            yield requests(self.run, "idle GET", target, pace, KeptConnection(target, post=False).send)
        lengths = [plan.stream_events] * plan.streams + [plan.long_events] * plan.long_streams
        for number, events in enumerate(lengths):
            # Their starts are spread over the length of a short one, so that a switch meets them everywhere.
            offset = plan.stream_events * plan.stream_interval * number / len(lengths)
            yield streams(self.run, self._target(number), events, plan.stream_interval, offset)

    def _target(self, number: int) -> Target:
        return self.targets[number % len(self.targets)]
