"""The database is stopped, hangs or has another password: verify reports it, and the release serves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import docker
import pytest
from docker.models.containers import Container

from tests.faults.deployed_app import APP, DeployedApp
from tests.faults.flow import fails_with, untouched


def container(app: DeployedApp) -> Container:
    """The container of the RDS instance."""
    return docker.from_env().containers.get(f"slipway-{app.settings.name}-db-slipway-sandbox-{APP}")


@contextmanager
def stopped(app: DeployedApp) -> Iterator[None]:
    rds, name = app.client("rds"), f"slipway-sandbox-{APP}"
    rds.stop_db_instance(DBInstanceIdentifier=name)
    until(lambda: container(app).status != "running")
    try:
        yield
    finally:
        rds.start_db_instance(DBInstanceIdentifier=name)
        until(lambda: container(app).exec_run("pg_isready").exit_code == 0)


@contextmanager
def paused(app: DeployedApp) -> Iterator[None]:
    container(app).pause()
    try:
        yield
    finally:
        container(app).unpause()


@contextmanager
def another_password(app: DeployedApp) -> Iterator[None]:
    query = ["psql", "-U", "rdsadmin", "-d", "postgres", "-c", "alter role app password 'another'"]
    done = container(app).exec_run(query, user="postgres")
    assert done.exit_code == 0, done.output
    yield
    mended = app.run("configure")
    assert mended.code == 0, mended.output[-3000:]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            if condition():
                return
        except docker.errors.APIError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.3)


@pytest.mark.parametrize(
    ("fault", "words"),
    [(stopped, ("rds",)), (paused, ("rds",)), (another_password, ("rds", "password"))],
    ids=["stopped", "paused", "password changed"],
)
def test_database_stopped_paused_or_with_a_new_password(
    app: DeployedApp, fault: Callable[[DeployedApp], object], words: tuple[str, ...]
) -> None:
    with untouched(app):
        with fault(app):  # type: ignore[attr-defined]
            done = app.run("verify")
            fails_with(done, "Not everything is reached", *words)
        done = app.run("verify")
        assert done.code == 0, done.output[-3000:]
