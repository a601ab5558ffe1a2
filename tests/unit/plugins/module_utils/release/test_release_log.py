"""Which release is meant by the one before, and what a host's history survives."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._release.release_log import (
    NoReleaseError,
    append,
    choose,
    order,
    read,
)

A, B, C, D = (f"{letter * 12}-{letter * 8}" for letter in "abcd")


def records(*steps: str) -> list[dict[str, str]]:
    """A history, of releases in capitals and ways back in small letters."""
    names = {"A": A, "B": B, "C": C}
    return [{"release": names[step.upper()], "action": "release" if step.isupper() else "rollback"} for step in steps]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("", []),
        ("ABC", [A, B, C]),
        # Going back makes nothing newer, so that going back twice goes two back.
        ("ABCb", [A, B, C]),
        ("ABCba", [A, B, C]),
        # Releasing it again does.
        ("ABA", [B, A]),
        ("ABbC", [A, B, C]),
        # What a host whose history began later knows only from a way back.
        ("bC", [B, C]),
    ],
)
def test_the_order_is_that_of_the_releases(steps: str, expected: list[str]) -> None:
    assert order(records(*steps)) == expected


@pytest.mark.parametrize(
    ("wanted", "current", "expected"),
    [("", C, B), ("1", C, B), ("2", C, A), ("", B, A), (A, C, A), (C, A, C)],
)
def test_it_goes_back_from_the_one_that_serves(wanted: str, current: str, expected: str) -> None:
    assert choose(wanted, current, None, [A, B, C], [A, B, C]) == expected


def test_a_host_without_a_history_has_the_link() -> None:
    assert choose("", B, A, [], [A, B]) == A


@pytest.mark.parametrize(
    ("wanted", "current", "released", "present", "words"),
    [
        ("", A, [A, B], [A, B], f"no 1 release before the one that serves ({A}): choose one of {B}"),
        ("3", C, [A, B, C], [A, B, C], "no 3 releases before"),
        ("", None, [], [], "there is no other, so release another version instead"),
        ("0", C, [A, B, C], [A, B, C], "say 1 or more"),
        (D, C, [A, B, C], [A, B, C], f"{D} is not on this host: choose one of {B}, {A}"),
        ("2", C, [A, B, C], [B, C], f"{A}, 2 back, is not on this host any more"),
    ],
)
def test_what_cannot_be_chosen_names_what_can(
    wanted: str, current: str | None, released: list[str], present: list[str], words: str
) -> None:
    with pytest.raises(NoReleaseError) as caught:
        choose(wanted, current, None, released, present)
    assert words in str(caught.value)


def test_a_line_that_a_crash_has_cut_off_takes_no_other_with_it(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    append(path, release=A, action="release")
    with path.open("a", encoding="utf-8") as stream:
        stream.write('{"release": "b')
    append(path, release=C, action="release")
    assert [record["release"] for record in read(path)] == [A, C]
    assert all(record["time"].endswith("Z") for record in read(path))


def test_no_history_is_an_empty_one(tmp_path: Path) -> None:
    assert read(tmp_path / "none.jsonl") == []
