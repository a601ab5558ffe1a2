"""A load has bounds, meets only hosts of the sandbox, and records every request."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from benchmarks.loss.hosts import Host, RefusedError, check_targets
from benchmarks.loss.load import Load, Plan
from benchmarks.loss.record import Record
from benchmarks.loss.wire import Target
from tests.unit.benchmarks.scripted import one, serving

SMALL = Plan(rate=200, seconds=1, streams=0, long_streams=0, idle=0)
HOST = Host("i-0", "10.20.0.4", 8000, "sg-0", "")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.20.0.4"])
def test_loopback_and_hosts_of_the_sandbox_are_loaded(address: str) -> None:
    check_targets([Target("any", address, 8000)], [HOST])


@pytest.mark.parametrize("address", ["10.20.0.5", "192.168.1.1", "8.8.8.8"])
def test_nothing_else_is_loaded(address: str) -> None:
    with pytest.raises(RefusedError, match="no host of the sandbox"):
        check_targets([HOST.target(8000), Target("any", address, 8000)], [HOST])


def test_an_address_of_the_internet_is_not_loaded_whatever_says_that_it_is_a_host() -> None:
    with pytest.raises(RefusedError):
        check_targets([Target("any", "8.8.8.8", 80)], [dataclasses.replace(HOST, address="8.8.8.8")])


@pytest.mark.parametrize(("rate", "seconds"), [(0, 1), (2001, 1), (1, 0), (1, 3601)])
def test_a_load_without_bounds_is_refused(rate: float, seconds: float) -> None:
    with pytest.raises(ValueError, match="must be|at most"):
        Load(Plan(rate, seconds), [])


async def loaded() -> tuple[Record, int, bool]:
    """Load a server that answers all until the load's own end; return the record and how many requests it got."""
    arrived = 0

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal arrived
        while True:
            await one(reader, writer)
            arrived += 1

    async with serving(counting) as target, Load(SMALL, [target]) as load:
        await asyncio.sleep(SMALL.seconds + 0.5)
        ended = load.ended
    return load.record, arrived, ended


def test_it_stops_by_itself_and_records_each_request_once() -> None:
    record, arrived, ended = asyncio.run(loaded())
    assert ended
    assert len(record.requests) == arrived
    # As many as the rate says, unless the machine is too busy for so few.
    assert 50 < arrived <= SMALL.rate * SMALL.seconds + 1
    assert {record.requests.causes.words[number] for number in record.requests.cause} == {""}
    assert sorted(record.requests.kinds.words) == ["kept GET", "kept POST", "new GET", "new POST"]
