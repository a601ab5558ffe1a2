"""Measures what a release costs those who use the service meanwhile: requests lost, streams cut, slower answers.

Clients that never retry load the sample service on hosts of the sandbox, while two releases take turns. The same load
is put on two negative controls, plain restart and socket activation, on a host's other ports: they must show their
losses, or the measurement proves nothing.

    python -m benchmarks.release_loss            short: some switches of each, side by side, about a minute and a half
    python -m benchmarks.release_loss --long     one after the other: 50 switches, 500,000 requests or more

Nothing but hosts of the sandbox on this machine is ever loaded. Raw results go to benchmarks/results/release_loss/;
`python -m benchmarks.loss.report` makes the table and the picture of them.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from benchmarks.loss import results
from benchmarks.loss.controls import controls
from benchmarks.loss.figures import summary
from benchmarks.loss.hosts import Host, RefusedError, hosts_of
from benchmarks.loss.measure import LONG, SHORT, Form, Measurement, measure
from benchmarks.loss.mechanism import CONTROLS, MECHANISMS, Mechanism, PlayError, Release
from benchmarks.loss.releases import two_releases
from benchmarks.loss.report import table
from sandbox.settings import settings_for


def main() -> None:
    """Measure what the command line asks, keep the raw results, print the table."""
    parser = argparse.ArgumentParser(description="Measure what a release loses.")
    parser.add_argument("--long", action="store_true", help="50 switches, 500,000 requests or more; 15 minutes")
    parser.add_argument("--app", default="location-content", help="whose hosts (default: location-content)")
    names = [way.name for way in MECHANISMS]
    parser.add_argument("--only", action="append", choices=names, help="these mechanisms only (default: all)")
    parser.add_argument("--rate", type=float, help="requests a second, of all clients together (default: the form's)")
    parser.add_argument("--results", type=Path, default=results.FOLDER, help="where the raw results go")
    arguments = parser.parse_args()
    form = LONG if arguments.long else SHORT
    if arguments.rate:
        form = replace(form, plan=replace(form.plan, rate=arguments.rate))
        try:
            form.plan.check()
        except ValueError as error:
            parser.error(str(error))
    started = datetime.now(timezone.utc)
    settings = settings_for("main")
    measured: list[Measurement] = []
    try:
        hosts = hosts_of(settings, arguments.app)
        with two_releases(settings, hosts) as (before, variation):
            # The variation serves now; so it is the one that serves at the end of each measurement too.
            ways = [way for way in MECHANISMS if way.name in (arguments.only or names)]
            asyncio.run(measure_all(ways, hosts, (variation, before), form, measured))
    except (RefusedError, PlayError, TimeoutError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Stopped, and all that was made for it taken back.")
    finally:
        # What was seen before something failed is kept.
        seen = sorted((one for one in measured if one.switches), key=lambda one: MECHANISMS.index(one.mechanism))
        if seen:
            path = results.write(arguments.results, form.name, started, seen)
            print(table([summary(one) for one in results.read(path)["measurements"]]))
            print(f"\n{path}")


async def measure_all(
    ways: Sequence[Mechanism],
    hosts: Sequence[Host],
    releases: tuple[Release, Release],
    form: Form,
    measured: list[Measurement],
) -> None:
    """Measure the mechanisms: Slipway's own on all hosts, the controls on the first."""
    async with AsyncExitStack() as stack:
        if set(ways) & set(CONTROLS):
            await stack.enter_async_context(controls(settings_for("main"), hosts[0], releases[0].id))
        # What is on the same port takes turns.
        own = [way for way in ways if way not in CONTROLS]
        lanes = [own, *([way] for way in ways if way in CONTROLS)]

        async def measure_lane(lane: Sequence[Mechanism]) -> None:
            for way in lane:
                await measure(way, hosts[:1] if way in CONTROLS else hosts, releases, form, measured)

        if form.together:
            await asyncio.gather(*map(measure_lane, lanes))
        else:
            for lane in lanes:
                await measure_lane(lane)


if __name__ == "__main__":
    main()
