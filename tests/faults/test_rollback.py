"""A rollback that lacks something."""

from __future__ import annotations

import pytest

from tests.faults.cells import Cell, changed_nothing
from tests.faults.flow import converges, publish_next, told, untouched
from tests.faults.orders import ordered


@pytest.fixture
def two(cell: Cell) -> tuple[str, str]:
    """Two releases. The second serves."""
    converges(cell, publish_next(cell))
    first = cell.serves()
    second = publish_next(cell)
    assert cell.release().code == 0
    assert cell.serves().startswith(second)
    return first, cell.serves()


def test_rollback_without_s3_and_ssm(cell: Cell, two: tuple[str, str]) -> None:
    first, second = two
    bucket, key = cell.lease
    lease = ordered(cell, "s3", "500", "", f"/{bucket}/{cell.name}/")
    parameters = ordered(cell, "ssm", "500", "", cell.parameter, asked=False)
    with lease, parameters:
        done = cell.run("rollback")
        assert done.code == 0, done.output[-3000:]
    assert "without a lease" in done.output
    assert cell.serves() == first
    assert first in done.output
    # The next release installs what is published.
    converges(cell, second)


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
    cell: Cell, two: tuple[str, str], damage: str, words: tuple[str, ...]
) -> None:
    first, second = two
    cell.hosts[0].shell(damage.format(id=first))
    with untouched(cell):
        told(cell.run("rollback", "-e", f"to={first}"), first, *words)
    assert cell.serves() == second
    assert changed_nothing(cell.release())


def test_rollback_to_an_unknown_release(cell: Cell) -> None:
    with untouched(cell):
        told(cell.run("rollback", "-e", "to=000000000000-00000000"), "000000000000-00000000")
