"""One cell for each process that runs tests. `python -m tests.faults.site` makes the site first."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.faults.apps import archive, service
from tests.faults.cells import APP, HOSTS, Cell, changed_nothing, instances, make_cell


@pytest.fixture(scope="session")
def cell() -> Cell:
    """A host that serves a release."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1
    made = make_cell(f"{APP}-{number}", [instances()[number - 1]], f"/slipway/sandbox/{APP}-{number}/env")
    begin(made)
    return made


@pytest.fixture(scope="session")
def fleet() -> Cell:
    """Four hosts that serve one release."""
    found = instances()
    assert len(found) == HOSTS
    made = make_cell(f"{APP}-fleet", found, f"/slipway/sandbox/{APP}-fleet/env")
    begin(made)
    return made


@pytest.fixture(scope="module", autouse=True)
def a_further_run_changes_nothing(request: pytest.FixtureRequest) -> Iterator[None]:
    """After the faults of a file and the runs that followed them, one more run changes nothing."""
    cell: Cell = request.getfixturevalue("fleet" if request.path.stem == "test_fleet" else "cell")
    yield
    again = cell.release()
    assert changed_nothing(again), again.output[-4000:]


def begin(cell: Cell) -> None:
    """Release the first version."""
    cell.env()
    cell.publish(archive({"main.py": service(cell.next_version())}))
    done = cell.release()
    assert done.code == 0, done.output[-4000:]
    assert all(serving.settled for serving in cell.serving())
