"""A tree that another account has made is taken over, and nothing outside of it changes."""

from __future__ import annotations

import os
import pwd
import socket
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._release import tree

OTHER = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
"""The account that makes the tree: another one where this may become it."""


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A directory that every account can come to: pytest's own are kept to who runs it."""
    with tempfile.TemporaryDirectory(prefix="slipway-tree-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def state(path: Path) -> tuple[int, int, int]:
    status = path.lstat()
    return stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A directory of a third account, with modes that a taking over would change."""
    top = tmp_path / "victim"
    top.mkdir()
    (top / "tool").touch()
    for path, mode in ((top / "tool", 0o4777), (top, 0o1777)):
        if os.geteuid() == 0:
            os.chown(path, 4242, 4242)
        path.chmod(mode)
    return top


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The account's directory with an environment in it."""
    (tmp_path / "work" / "venv" / "lib").mkdir(parents=True)
    (tmp_path / "work" / "venv" / "lib" / "module.py").touch()
    for path in [tmp_path / "work", *(tmp_path / "work").rglob("*")]:
        os.chown(path, OTHER.pw_uid, OTHER.pw_gid)
    return tmp_path / "work"


def test_taking_back_leaves_write_permission_to_the_owner_alone(tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "bin").mkdir(mode=0o777, parents=True)
    tool = top / "bin" / "tool"
    tool.touch()
    tool.chmod(0o6777)
    outside = tmp_path / "outside"
    outside.touch()
    outside.chmod(0o666)
    (top / "link").symlink_to(outside)
    tree.take_back(top)
    assert stat.S_IMODE(tool.stat().st_mode) == 0o755
    assert stat.S_IMODE((top / "bin").stat().st_mode) == 0o755
    assert stat.S_IMODE(outside.stat().st_mode) == 0o666
    assert tool.stat().st_uid == os.geteuid()


def swap_for_link(work: Path, victim: Path) -> None:
    (work / "venv").rename(work / "real")
    (work / "venv").symlink_to(victim)


def test_an_environment_that_is_a_link_is_not_followed(work: Path, victim: Path) -> None:
    swap_for_link(work, victim)
    before = [state(path) for path in (victim, victim / "tool")]
    tree.take_back(work)
    assert [state(path) for path in (victim, victim / "tool")] == before
    with pytest.raises(tree.TreeError, match="venv is no directory but a link"):
        tree.require_folder(work / "venv")


def test_the_top_itself_is_not_followed(work: Path, victim: Path) -> None:
    swap_for_link(work, victim)
    before = [state(path) for path in (victim, victim / "tool")]
    with pytest.raises(tree.TreeError, match="venv is no directory but a link"):
        tree.take_back(work / "venv")
    assert [state(path) for path in (victim, victim / "tool")] == before


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(path.parent)
        listener.bind(path.name)
        os.chdir(here)


def make_deep(path: Path) -> None:
    for _ in range(tree.MAX_DEPTH + 2):
        path = path / "d"
        path.mkdir()


REFUSED: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "hard link": (lambda lib, victim: (lib / "evil").hardlink_to(victim / "tool"), "another name elsewhere"),
    "pipe": (lambda lib, _: os.mkfifo(lib / "evil"), "neither a file nor a folder nor a link"),
    "socket": (lambda lib, _: make_socket(lib / "evil"), "neither a file nor a folder nor a link"),
    "depth": (lambda lib, _: make_deep(lib), "folders deep"),
}


@pytest.mark.parametrize(("act", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_no_environment_holds_is_refused(
    work: Path, victim: Path, act: Callable[[Path, Path], object], words: str
) -> None:
    act(work / "venv" / "lib", victim)
    before = state(victim / "tool")
    with pytest.raises(tree.TreeError, match=words):
        tree.take_back(work)
    assert state(victim / "tool") == before


@pytest.mark.parametrize(("name", "target"), [("module.py", "tool"), ("sub", ".")])
def test_a_link_that_comes_between_two_looks_is_not_followed(
    work: Path, victim: Path, monkeypatch: pytest.MonkeyPatch, name: str, target: str
) -> None:
    (work / "venv" / "lib" / "sub").mkdir()
    look = os.lstat

    def swapping(path: Any, *, dir_fd: int | None = None) -> os.stat_result:
        status = look(path, dir_fd=dir_fd)
        if path == name and dir_fd is not None:
            os.rename(name, f"{name}.real", src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
            os.symlink(victim / target, name, dir_fd=dir_fd)
        return status

    monkeypatch.setattr(os, "lstat", swapping)
    before = [state(path) for path in (victim, victim / "tool")]
    with pytest.raises(OSError, match=name):
        tree.take_back(work)
    assert [state(path) for path in (victim, victim / "tool")] == before


def test_a_folder_is_taken_before_it_is_listed(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [work, work / "venv", work / "venv" / "lib"]
    for folder in folders:
        folder.chmod(0o777)
    listed = []
    look = os.scandir

    def looking(handle: int) -> Any:
        status = os.fstat(handle)
        listed.append((stat.S_IMODE(status.st_mode), status.st_uid))
        return look(handle)

    monkeypatch.setattr(os, "scandir", looking)
    tree.take_back(work)
    assert listed == [(0o755, os.geteuid())] * len(folders)


def test_a_directory_is_given_to_the_account_and_a_link_in_its_place_is_not(tmp_path: Path, victim: Path) -> None:
    for _ in range(2):
        tree.give(tmp_path / "own", OTHER.pw_uid, OTHER.pw_gid)
    assert state(tmp_path / "own") == (0o700, OTHER.pw_uid, OTHER.pw_gid)
    (tmp_path / "linked").symlink_to(victim)
    before = state(victim)
    with pytest.raises(OSError, match="linked"):
        tree.give(tmp_path / "linked", OTHER.pw_uid, OTHER.pw_gid)
    assert state(victim) == before


def test_only_an_interpreter_may_be_outside(tmp_path: Path) -> None:
    top = tmp_path / "release"
    (top / "venv" / "bin").mkdir(parents=True)
    (top / "venv" / "lib").mkdir()
    links = {
        "venv/lib64": ("lib", False),
        "venv/bin/python": (sys.executable, False),
        "venv/bin/python3": ("python", False),
        "venv/bin/python4": ("/etc/passwd", True),
        "venv/bin/python5": (str(tmp_path / "missing"), True),
        "venv/bin/tool": (sys.executable, True),
        "venv/lib/etc": ("/etc", True),
        "venv/lib/up": ("../../..", True),
        "venv/lib/through": ("../lib64/../../../x", True),
        "venv/lib/beside": (f"{top}-other", True),
    }
    for name, (target, _) in links.items():
        (top / name).symlink_to(target)
    assert {name: tree.leads_outside(top, top / name) for name in links} == {
        name: out for name, (_, out) in links.items()
    }


def test_a_program_that_anybody_can_change_is_no_interpreter(tmp_path: Path) -> None:
    program = tmp_path / "python3"
    program.touch()
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "python").symlink_to(program)
    outcome = []
    for mode in (0o755, 0o757, 0o644):
        program.chmod(mode)
        outcome.append(tree.leads_outside(tmp_path / "release", tmp_path / "release" / "python"))
    assert outcome == [False, True, True]
