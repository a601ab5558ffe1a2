"""One object decides whether something changed and what the diff shows."""

from __future__ import annotations

from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference


def test_equal_entries_are_no_difference() -> None:
    difference = Difference("file")
    difference.compare("mode", "0600", "0600")
    difference.compare("none", None, None)
    difference.compare_secret("key", "same", "same")
    assert difference.changed is False
    assert difference.as_diff() == {"before_header": "file", "after_header": "file", "before": "", "after": ""}


def test_entries_are_sorted_and_those_that_do_not_exist_are_missing_on_their_side() -> None:
    difference = Difference()
    difference.compare("size", 2, 1)
    difference.compare("new", None, "x")
    difference.compare("gone", "y", None)
    assert difference.changed is True
    assert difference.as_diff()["before"] == "gone: y\nsize: 2\n"
    assert difference.as_diff()["after"] == "new: x\nsize: 1\n"


def test_falsy_values_exist() -> None:
    difference = Difference()
    difference.compare("size", 0, None)
    difference.compare_secret("key", "", None)
    assert difference.as_diff()["before"] == "key: (a value, not shown)\nsize: 0\n"


def test_secrets_are_told_apart_and_not_shown() -> None:
    difference = Difference()
    difference.compare_secret("changed", "hunter2", "hunter3")
    difference.compare_secret("new", None, "hunter2")
    difference.compare_secret("gone", "hunter2", None)
    diff = difference.as_diff()
    assert diff["before"] == "changed: (a value, not shown)\ngone: (a value, not shown)\n"
    assert diff["after"] == "changed: (another value, not shown)\nnew: (a value, not shown)\n"
