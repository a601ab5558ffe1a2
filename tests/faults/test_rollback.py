"""A rollback that lacks something."""

from __future__ import annotations

import pytest

from tests.faults.deployed_app import DeployedApp, changed_nothing
from tests.faults.flow import converges, fails_with, publish_next, untouched
from tests.faults.injected_fault import injected


@pytest.fixture
def two(app: DeployedApp) -> tuple[str, str]:
    """Two releases. The second serves."""
    converges(app, publish_next(app))
    first = app.serves()
    second = publish_next(app)
    assert app.release().code == 0
    assert app.serves().startswith(second)
    return first, app.serves()


def test_rollback_without_s3_and_ssm(app: DeployedApp, two: tuple[str, str]) -> None:
    first, second = two
    bucket, key = app.lease
    lease = injected(app, "s3", "500", "", f"/{bucket}/{app.name}/")
    parameters = injected(app, "ssm", "500", "", app.parameter, asked=False)
    with lease, parameters:
        done = app.run("rollback")
        assert done.code == 0, done.output[-3000:]
    assert "without a lease" in done.output
    assert app.serves() == first
    assert first in done.output
    # The next release installs what is published.
    converges(app, second)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("rm -r /opt/backend/releases/{id}", ("is not on this host",)),
        ("echo '# x' >> /opt/backend/releases/{id}/code/main.py", ("code/main.py",)),
        ("rm /opt/backend/releases/{id}/manifest.json", ("manifest",)),
    ],
    ids=["missing", "changed file", "no manifest"],
)
def test_a_missing_or_damaged_rollback_target(
    app: DeployedApp, two: tuple[str, str], damage: str, words: tuple[str, ...]
) -> None:
    first, second = two
    app.hosts[0].shell(damage.format(id=first))
    with untouched(app):
        fails_with(app.run("rollback", "-e", f"to={first}"), first, *words)
    assert app.serves() == second
    assert changed_nothing(app.release())


def test_rollback_to_an_unknown_release(app: DeployedApp) -> None:
    with untouched(app):
        fails_with(app.run("rollback", "-e", "to=000000000000-00000000"), "000000000000-00000000")
