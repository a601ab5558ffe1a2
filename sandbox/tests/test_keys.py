"""The API keys of the project's stubs."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from sandbox.project import Key
from sandbox.server import keys

MAIL, MAPS = Key("MAIL_KEY", "m-", 20), Key("MAPS_KEY")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "app.env"


def test_keys_are_made_as_the_project_says(path: Path) -> None:
    made = keys.ensure(path, [MAIL, MAPS])
    assert made["MAIL_KEY"].startswith("m-")
    assert (len(made["MAIL_KEY"]), len(made["MAPS_KEY"])) == (22, 32)
    assert path.read_text() == "".join(f"{name}={value}\n" for name, value in made.items())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_keys_are_kept(path: Path) -> None:
    assert keys.ensure(path, [MAIL, MAPS]) == keys.ensure(path, [MAIL, MAPS])


def test_only_missing_keys_are_made(path: Path) -> None:
    first = keys.ensure(path, [MAIL])
    path.write_text(path.read_text() + "MAPS_KEY=\n")
    second = keys.ensure(path, [MAIL, MAPS])
    assert second["MAIL_KEY"] == first["MAIL_KEY"]
    assert second["MAPS_KEY"]


def test_a_key_that_is_no_longer_registered_is_removed(path: Path) -> None:
    keys.ensure(path, [MAIL, MAPS])
    assert list(keys.ensure(path, [MAPS])) == ["MAPS_KEY"]
    assert "MAIL_KEY" not in path.read_text()


def test_without_keys_the_file_is_empty(path: Path) -> None:
    assert keys.ensure(path, []) == {}
    assert path.read_text() == ""
