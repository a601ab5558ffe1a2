"""One measurement: a load, and switches under it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.loss.hosts import Host, check_targets
from benchmarks.loss.load import Load, Plan
from benchmarks.loss.mechanism import BLUE_GREEN, DEPLOY, Mechanism, Release, switch
from benchmarks.loss.progress import say
from benchmarks.loss.record import Record
from benchmarks.loss.releases import serves

STEAL = 7
"""Place of the stolen time in /proc/stat."""


@dataclass(frozen=True)
class Form:
    """How much is measured."""

    name: str
    plan: Plan
    switches: int
    """Of blue/green."""
    few_switches: int
    """Of all others."""
    requests: int
    """At least so many requests in blue/green; the load goes on after the last switch until then."""
    pause: float
    """Seconds between two switches."""
    settle: float
    """Seconds of load before the first switch and after the last."""
    together: bool
    """All mechanisms at once, which saves time: it tells losses, and no latency worth the name."""


SHORT = Form(
    "short",
    Plan(rate=250, seconds=420, streams=10, stream_events=10, long_streams=3, long_events=60),
    switches=2,
    few_switches=2,
    requests=0,
    pause=1,
    settle=2,
    together=True,
)
LONG = Form(
    "long",
    Plan(rate=900, seconds=1800),
    switches=50,
    few_switches=6,
    requests=500_000,
    # What is steady is measured in between as well: a machine that others share is not the same all the time.
    pause=6,
    settle=15,
    together=False,
)


@dataclass(frozen=True)
class Switch:
    """One switch, from the command's start to its end, in seconds since the load began."""

    release: str
    began: float
    ended: float
    said: dict[str, dict[str, Any]]
    """What the module has measured on each host."""


@dataclass
class Measurement:
    """All that was seen of one mechanism."""

    mechanism: Mechanism
    hosts: list[str]
    plan: Plan
    seconds: float = 0
    switches: list[Switch] = field(default_factory=list)
    stolen: float = 0
    """Share of the processors' time that the machine's host gave to others meanwhile."""
    record: Record = field(default_factory=Record)

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {
            "mechanism": self.mechanism.name,
            "hosts": self.hosts,
            "plan": asdict(self.plan),
            "seconds": self.seconds,
            "stolen": self.stolen,
            "switches": [asdict(switch) for switch in self.switches],
            **self.record.as_json(),
        }


async def measure(
    way: Mechanism, hosts: Sequence[Host], releases: tuple[Release, Release], form: Form, measured: list[Measurement]
) -> None:
    """Load the hosts, and let the releases take turns under it. The first of them serves at the beginning and the end.

    What was seen is in `measured` also when a switch fails. Raises RefusedError for a host that is not the sandbox's,
    PlayError when a switch fails, TimeoutError when the load's bound comes first.
    """
    targets = [host.target(way.port_on(host)) for host in hosts]
    check_targets(targets, hosts)
    async with Load(form.plan, targets) as load:
        seen = Measurement(way, [host.instance for host in hosts], form.plan, record=load.record)
        measured.append(seen)
        before = _processor_times()
        try:
            await _take_turns(seen, hosts, releases, form, load)
        finally:
            seen.seconds = round(load.now(), 3)
            spent = [after - then for then, after in zip(before, _processor_times())]
            seen.stolen = round(spent[STEAL] / sum(spent), 3)


async def _take_turns(
    seen: Measurement, hosts: Sequence[Host], releases: tuple[Release, Release], form: Form, load: Load
) -> None:
    way, switches = seen.mechanism, seen.switches
    count = form.switches if way is BLUE_GREEN else form.few_switches
    # A round more where the number is odd, so that what served serves again.
    order = [releases[(number + 1) % 2] for number in range(count + count % 2)]
    await asyncio.sleep(form.settle)
    for release in order:
        began = load.now()
        said = await switch(way, hosts, release)
        # A switch that nobody used the service during is none of the measurement's.
        if load.ended:
            raise TimeoutError(f"the load reached its bound of {form.plan.seconds:.0f} s before the switches were done")
        ended = load.now()
        # What is published anew has an id of its own where what serves was made of something else.
        name = await asyncio.to_thread(serves, hosts) if way is DEPLOY else release.id
        switches.append(Switch(name, round(began, 3), round(ended, 3), _kept(said)))
        say(f"{way.name}: switch {len(switches)} of {len(order)}, {ended - began:.1f} s")
        await asyncio.sleep(form.pause)
    await asyncio.sleep(form.settle)
    while way is BLUE_GREEN and len(seen.record.requests) < form.requests and not load.ended:
        await asyncio.sleep(1)


def _processor_times() -> list[int]:
    """Return what the processors have spent their time on, by /proc/stat (proc_stat(5)); guests' is the user's too."""
    first, _, _ = Path("/proc/stat").read_text(encoding="ascii").partition("\n")
    return [int(number) for number in first.split()[1 : STEAL + 2]]


def _kept(said: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    names = ("seconds", "cut", "slot")
    return {host: {name: answer[name] for name in names if name in answer} for host, answer in said.items()}
