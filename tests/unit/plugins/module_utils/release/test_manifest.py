"""The manifest of a release notices whatever becomes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._release import manifest


@pytest.fixture
def release(tmp_path: Path) -> Path:
    code = tmp_path / "code"
    code.mkdir()
    (code / "main.py").write_text("app = 1\n")
    (code / "run").write_text("#!/bin/sh\n")
    (code / "run").chmod(0o755)
    (tmp_path / "python").symlink_to("/usr/bin/python3")
    (tmp_path / ".env").write_text("KEY=secret\n")
    manifest.write(tmp_path, {"release": "r1"})
    return tmp_path


def test_an_untouched_release_has_no_damage(release: Path) -> None:
    assert manifest.damage(release) == []


def test_it_says_what_the_release_is_and_holds_nothing_of_the_environment(release: Path) -> None:
    content = json.loads((release / manifest.NAME).read_text())
    assert content["release"] == "r1"
    assert sorted(content["files"]) == ["code", "code/main.py", "code/run", "python"]
    assert content["files"]["python"]["link"] == "/usr/bin/python3"


def link(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


DAMAGE: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "content": (lambda top: (top / "code/main.py").write_text("app = 2\n"), ["code/main.py has another content"]),
    "mode": (lambda top: (top / "code/main.py").chmod(0o666), ["code/main.py has another mode"]),
    "removed": (lambda top: (top / "code/run").unlink(), ["code/run is missing"]),
    "added": (lambda top: (top / "code/extra.py").touch(), ["code/extra.py was added"]),
    "link": (
        lambda top: link(top / "python", "/tmp/evil"),
        ["python has another link", "python leads outside the release, to /tmp/evil"],
    ),
    "link for a file": (
        lambda top: link(top / "code/run", "main.py"),
        ["code/run has another content and link and mode"],
    ),
    "directory": (lambda top: (top / "code").chmod(0o777), ["code has another mode"]),
    "manifest removed": (lambda top: (top / manifest.NAME).unlink(), ["manifest.json is missing or unreadable"]),
    "manifest cut off": (
        lambda top: (top / manifest.NAME).write_text("{"),
        ["manifest.json is missing or unreadable"],
    ),
    "manifest of another form": (
        lambda top: (top / manifest.NAME).write_text("[]"),
        ["manifest.json is missing or unreadable"],
    ),
}


@pytest.mark.parametrize(("act", "found"), DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_is_named(release: Path, act: Callable[[Path], object], found: list[str]) -> None:
    act(release)
    assert manifest.damage(release) == found


def test_a_link_that_leads_outside_is_damage_even_if_it_was_recorded(release: Path, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (release / "venv").symlink_to(outside)
    manifest.write(release, {"release": "r1"})
    (outside / "extra.py").touch()
    assert manifest.damage(release) == [f"venv leads outside the release, to {outside}"]


def test_an_owner_is_a_part_of_it() -> None:
    mine, other = {"a": {"mode": "0644", "owner": "0"}}, {"a": {"mode": "0644", "owner": "1000"}}
    assert manifest.difference(mine, other) == ["a has another owner"]


def test_what_reading_the_code_leaves_behind_is_no_damage(release: Path) -> None:
    (release / "code" / "__pycache__").mkdir()
    (release / "code" / "__pycache__" / "main.cpython-311.pyc").touch()
    (release / ".env").write_text("KEY=another\n")
    assert manifest.damage(release) == []
