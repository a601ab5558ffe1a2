"""File operations that a killed run may end at any point of."""

from __future__ import annotations

import os
import stat
import subprocess
import time
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._system import files


def test_a_link_is_replaced_and_removed(tmp_path: Path) -> None:
    link = tmp_path / "current"
    assert files.read_link(link) is None
    for target in ("releases/a", "releases/b"):
        files.replace_link(link, target)
        assert files.read_link(link) == target
    files.replace_link(link, None)
    files.replace_link(link, None)
    assert list(tmp_path.iterdir()) == []


def test_a_link_that_a_killed_run_left_beside_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / ".current.new").symlink_to("old")
    files.replace_link(tmp_path / "current", "releases/a")
    assert [path.name for path in tmp_path.iterdir()] == ["current"]


def test_a_file_in_the_place_of_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KEY=value\n")
    with pytest.raises(FileExistsError, match="move it away"):
        files.read_link(tmp_path / ".env")


def test_a_file_is_written_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("old")
    path.chmod(0o644)
    files.write_file(path, b"new", 0o600)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ".env"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        files.write_file(path, b"new", 0o600)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_free_space_is_told_for_a_directory_that_does_not_exist(tmp_path: Path) -> None:
    assert files.free_bytes(tmp_path / "a" / "b") > 0
    assert files.free_inodes(tmp_path / "a" / "b") == files.free_inodes(tmp_path)


def test_a_file_system_that_makes_inodes_as_needed_is_never_short_of_them() -> None:
    # The kernel's own file systems count none either.
    assert files.free_inodes(Path("/proc")) is None


def test_everything_is_flushed(tmp_path: Path) -> None:
    files.flush(tmp_path)
    with pytest.raises(FileNotFoundError):
        files.flush(tmp_path / "missing")


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with files.locked(lock, 0), pytest.raises(files.BusyError, match="another run"), files.locked(lock, 0.3):
        pass
    with files.locked(lock, 0):
        pass


def test_a_child_that_outlives_its_parent_keeps_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with files.locked(lock, 0) as handle:
        child = subprocess.Popen(["sleep", "60"], pass_fds=(handle,))
    try:
        with pytest.raises(files.BusyError), files.locked(lock, 0):
            pass
    finally:
        child.kill()
        child.wait()
    started = time.monotonic()
    with files.locked(lock, 5):
        assert time.monotonic() - started < 5
