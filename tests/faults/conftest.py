"""One app for each process that runs tests. `python -m tests.faults.site` makes the site first."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.faults.app_sources import archive, service
from tests.faults.deployed_app import APP, HOSTS, DeployedApp, changed_nothing, instances, make_app


@pytest.fixture(scope="session")
def app() -> DeployedApp:
    """A host that serves a release."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1
    made = make_app(f"{APP}-{number}", [instances()[number - 1]], f"/slipway/sandbox/{APP}-{number}/env")
    begin(made)
    return made


@pytest.fixture(scope="session")
def fleet() -> DeployedApp:
    """Four hosts that serve one release."""
    found = instances()
    assert len(found) == HOSTS
    made = make_app(f"{APP}-fleet", found, f"/slipway/sandbox/{APP}-fleet/env")
    begin(made)
    return made


@pytest.fixture(scope="module", autouse=True)
def a_further_run_changes_nothing(request: pytest.FixtureRequest) -> Iterator[None]:
    """After the faults of a file and the runs that followed them, one more run changes nothing."""
    app: DeployedApp = request.getfixturevalue("fleet" if request.path.stem == "test_fleet" else "app")
    yield
    again = app.release()
    assert changed_nothing(again), again.output[-4000:]


def begin(app: DeployedApp) -> None:
    """Release the first version."""
    app.env()
    app.publish(archive({"main.py": service(app.next_version())}))
    done = app.release()
    assert done.code == 0, done.output[-4000:]
    assert all(serving.has_no_leftovers for serving in app.serving())
