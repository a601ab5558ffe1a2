"""What there is to do until a host has a release, worked out without doing it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._release import manifest
from ansible_collections.slipway.fastapi.plugins.module_utils._release.layout import (
    Layout,
    make_plan,
    release_id,
    surplus,
)

NAMES = [f"{number:012x}-00000000" for number in range(9)]
WANTED = NAMES[0]


def make_release(layout: Layout, name: str, age: int = 0) -> Path:
    """A finished release that was made so many seconds ago."""
    top = layout.release(name)
    (top / "code").mkdir(parents=True)
    (top / "code" / "main.py").write_text(name)
    (top / ".env").write_text("KEY=value\n")
    (top / ".env").chmod(0o640)
    manifest.write(top, {"release": name})
    moment = top.stat().st_mtime - age
    os.utime(top, (moment, moment))
    return top


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path)


def test_the_name_is_that_of_artifact_and_environment() -> None:
    assert release_id("ab" * 32, "cd" * 32) == "abababababab-cdcdcdcd"
    assert release_id("ab" * 32, "") == "abababababab-00000000"


def test_on_a_bare_host_it_must_be_built(layout: Layout) -> None:
    plan = make_plan(layout, WANTED, None, 5)
    assert plan.build
    assert plan.difference().as_diff()["after"] == f"{WANTED}: as its manifest says\n"
    assert list(layout.top.iterdir()) == []


def test_an_intact_release_needs_nothing(layout: Layout) -> None:
    make_release(layout, WANTED)
    assert not make_plan(layout, WANTED, None, 5).difference().changed


def test_a_damaged_release_is_built_again(layout: Layout) -> None:
    (make_release(layout, WANTED) / "code" / "main.py").write_text("changed")
    plan = make_plan(layout, WANTED, None, 5)
    assert plan.build
    assert "code/main.py has another content" in plan.difference().as_diff()["before"]


@pytest.mark.parametrize(("content", "differs"), [("KEY=value\n", False), ("KEY=another\n", True)])
def test_an_environment_of_other_content_is_damage_and_is_not_shown(
    layout: Layout, content: str, differs: bool
) -> None:
    make_release(layout, WANTED)
    env_file = layout.top / "shared.env"
    env_file.write_text(content)
    plan = make_plan(layout, WANTED, env_file, 5)
    assert plan.build is differs
    assert "another" not in str(plan.difference().as_diff())


def test_what_a_killed_run_left_is_a_difference(layout: Layout) -> None:
    make_release(layout, WANTED)
    layout.partial(NAMES[1]).mkdir()
    plan = make_plan(layout, WANTED, None, 5)
    assert plan.leftovers == [layout.partial(NAMES[1])]
    assert plan.difference().changed


def test_only_the_newest_stay() -> None:
    assert surplus(NAMES[:5], [], 3) == NAMES[3:5]
    assert surplus(NAMES[:5], [NAMES[4]], 3) == [NAMES[3]]
    assert surplus(NAMES[:2], [], 3) == []


def test_what_is_in_use_is_never_pruned(layout: Layout) -> None:
    for age, name in enumerate(NAMES[1:]):
        make_release(layout, name, age * 10)
    (layout.top / "current").symlink_to(f"releases/{NAMES[8]}")
    (layout.top / "previous").symlink_to(f"releases/{NAMES[7]}")
    layout.switching.write_text(json.dumps({"from": NAMES[6], "to": NAMES[5]}))
    plan = make_plan(layout, WANTED, None, 2)
    assert plan.prune == [NAMES[2], NAMES[3], NAMES[4]]


def test_a_new_release_counts_among_those_to_keep(layout: Layout) -> None:
    for age, name in enumerate(NAMES[1:4]):
        make_release(layout, name, age * 10)
    assert make_plan(layout, WANTED, None, 3).prune == [NAMES[3]]
    assert make_plan(layout, NAMES[3], None, 3).prune == []


def test_directories_that_are_no_releases_are_left_alone(layout: Layout) -> None:
    make_release(layout, WANTED)
    (layout.releases / "notes").mkdir()
    assert not make_plan(layout, WANTED, None, 1).difference().changed


def test_a_link_to_a_release_that_is_gone_is_no_link(layout: Layout) -> None:
    (layout.top / "current").symlink_to(f"releases/{WANTED}")
    assert layout.linked("current") is None


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_note_that_cannot_be_read_is_none(layout: Layout, text: str) -> None:
    layout.switching.write_text(text)
    assert layout.interrupted() == {}
