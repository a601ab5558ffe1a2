"""Slipway as a whole on this machine: one sandbox for all end-to-end tests, removed at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.e2e.machine import Traces, traces
from tests.e2e.poison import Trap, poison
from tests.e2e.run import Run, make
from tests.e2e.sinks import play_and_look
from tests.e2e.world import World

# For work on a single test: use the sandbox that runs, and leave it running.
REUSE = "SLIPWAY_E2E_REUSE" in os.environ


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests without a sandbox come first. Tests that stop or interrupt it come last. All others share it.

    Among these, tests of the result of two runs come first, before other tests change it. test_deployer is the very
    first, because it reads in the sandbox's log what only these runs have requested.
    """
    order = {
        "test_bad_machine": -3,
        "test_deployer": -2,
        "test_site": -1,
        "test_gap_fill": 1,
        "test_sandbox_down": 2,
        "test_interruption": 3,
    }
    items.sort(key=lambda item: order.get(item.path.stem, 0))


@pytest.fixture(scope="session")
def before() -> Traces:
    """The state of the machine before the first run."""
    found = traces()
    if found.sandbox and not REUSE:
        pytest.exit("A sandbox of this checkout is running, and these tests would use it up: make sandbox-down", 2)
    if any(name.startswith("slipway-main-") for name in found.containers | found.networks) and not REUSE:
        # Leftovers of a dead server belong to no account any more. A running server of another checkout refuses this.
        down = make("sandbox-down")
        if down.code:
            pytest.exit(down.output, 2)
        found = traces()
    return found


@pytest.fixture(scope="session")
def first_run(before: Traces) -> Iterator[Run]:
    """`make site` on a machine without a sandbox."""
    yield make("site")
    if not REUSE:
        make("sandbox-down")


@pytest.fixture(scope="session")
def second_run(first_run: Run) -> Run:
    """A second `make site`."""
    assert first_run.code == 0, first_run.output[-4000:]
    return make("site")


@pytest.fixture(scope="session")
def world(second_run: Run) -> World:
    """The provisioned sandbox, seen from outside."""
    assert second_run.code == 0, second_run.output[-4000:]
    return World.of_sandbox()


@pytest.fixture(scope="session")
def session_trap() -> Iterator[Trap]:
    """The server that the shell of `loud_run` redirects AWS calls to."""
    trap = Trap()
    yield trap
    trap.close()


@pytest.fixture(scope="session")
def loud_run(world: World, session_trap: Trap, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, bytes]:
    """A complete run in a poisoned shell, at the highest verbosity, and this machine's command lines during it."""
    hostile = poison(session_trap, tmp_path_factory.mktemp("poison"))
    return play_and_look("site.yml", "--diff", "-vvvv", env=hostile)
