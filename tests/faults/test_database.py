"""The database is stopped, hangs or has another password: verify reports it, and the release serves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import docker
import pytest
from docker.models.containers import Container

from tests.faults.cells import APP, Cell
from tests.faults.flow import told, untouched


def container(cell: Cell) -> Container:
    """The container of the RDS instance."""
    return docker.from_env().containers.get(f"slipway-{cell.settings.name}-db-slipway-sandbox-{APP}")


@contextmanager
def stopped(cell: Cell) -> Iterator[None]:
    rds, name = cell.client("rds"), f"slipway-sandbox-{APP}"
    rds.stop_db_instance(DBInstanceIdentifier=name)
    until(lambda: container(cell).status != "running")
    try:
        yield
    finally:
        rds.start_db_instance(DBInstanceIdentifier=name)
        until(lambda: container(cell).exec_run("pg_isready").exit_code == 0)


@contextmanager
def paused(cell: Cell) -> Iterator[None]:
    container(cell).pause()
    try:
        yield
    finally:
        container(cell).unpause()


@contextmanager
def another_password(cell: Cell) -> Iterator[None]:
    query = ["psql", "-U", "rdsadmin", "-d", "postgres", "-c", "alter role app password 'another'"]
    done = container(cell).exec_run(query, user="postgres")
    assert done.exit_code == 0, done.output
    yield
    mended = cell.run("configure")
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
    cell: Cell, fault: Callable[[Cell], object], words: tuple[str, ...]
) -> None:
    with untouched(cell):
        with fault(cell):  # type: ignore[attr-defined]
            done = cell.run("verify")
            told(done, "Not everything is reached", *words)
        done = cell.run("verify")
        assert done.code == 0, done.output[-3000:]
