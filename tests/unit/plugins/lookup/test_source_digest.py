"""The lookup slipway.fastapi.source_digest."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.lookup.source_digest import digest


@pytest.fixture
def top(tmp_path: Path) -> Path:
    (tmp_path / "role/tasks").mkdir(parents=True)
    (tmp_path / "role/tasks/main.yml").write_text("[]\n")
    (tmp_path / "one.yml").write_text("a: 1\n")
    return tmp_path


def test_it_stays_the_same_while_nothing_changes(top: Path) -> None:
    before = digest(top, ["role", "one.yml"])
    (top / "role/__pycache__").mkdir()
    (top / "role/__pycache__/x.pyc").write_bytes(b"x")
    assert digest(top, ["role", "one.yml"]) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda top: (top / "one.yml").write_text("a: 2\n"),
        lambda top: (top / "role/tasks/main.yml").rename(top / "role/tasks/other.yml"),
        lambda top: (top / "role/new").write_text(""),
        lambda top: (top / "role/tasks/main.yml").unlink(),
    ],
    ids=["content", "name", "added", "removed"],
)
def test_every_change_of_a_file_changes_it(top: Path, change: object) -> None:
    before = digest(top, ["role", "one.yml"])
    assert callable(change)
    change(top)
    assert digest(top, ["role", "one.yml"]) != before


def test_what_cannot_be_read_is_an_error(top: Path) -> None:
    with pytest.raises(FileNotFoundError):
        digest(top, ["missing.yml"])
