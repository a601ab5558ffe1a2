"""One cell for each process that runs tests. `python -m tests.faults.site` makes the site before."""

from __future__ import annotations

import os

import pytest

from tests.faults.apps import archive, service
from tests.faults.cells import APP, HOSTS, Cell, instances, make_cell

ENV = "GREETING=hello\n"


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


def begin(cell: Cell) -> None:
    """Releases the first version."""
    cell.env(ENV)
    cell.publish(archive({"main.py": service(cell.next_version())}))
    done = cell.release()
    assert done.code == 0, done.output[-4000:]
    assert all(serving.settled for serving in cell.serving())
