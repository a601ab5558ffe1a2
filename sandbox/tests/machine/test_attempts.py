"""Work in threads: one piece at a time for each container, pauses after failures."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest
from docker.errors import APIError

from sandbox.machine import attempts
from sandbox.machine.attempts import Attempts, describe

KEY = ("host", "i-1")


@pytest.fixture
def work() -> Iterator[Attempts]:
    running = Attempts()
    yield running
    running.close()


def _fail() -> None:
    raise RuntimeError("no\nspace")


def test_a_second_task_waits_for_the_first(work: Attempts) -> None:
    began, go_on, second = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        began.set()
        go_on.wait(5)

    work.submit(KEY, "create", first)
    assert began.wait(5)
    work.submit(KEY, "start", second.set)
    work.submit(("host", "i-2"), "create", go_on.set)
    assert go_on.wait(5)
    assert not second.is_set()


def test_a_failure_is_reported_and_followed_by_a_pause(work: Attempts) -> None:
    assert not work.perform(KEY, "create", _fail)
    assert work.problem(KEY) == "host i-1: create: no space"
    assert work.problems() == ["host i-1: create: no space"]
    done = threading.Event()
    assert not work.perform(KEY, "create", done.set)
    assert not done.is_set()


def test_after_the_pause_success_clears_the_failure(work: Attempts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "FIRST_DELAY", 0.0)
    work.perform(KEY, "create", _fail)
    assert work.perform(KEY, "create", lambda: None)
    assert work.problem(KEY) == ""


def test_pauses_grow_to_a_limit(work: Attempts, monkeypatch: pytest.MonkeyPatch) -> None:
    now, tries = 0.0, []
    monkeypatch.setattr(attempts.time, "monotonic", lambda: now)

    def fail() -> None:
        tries.append(now)
        raise RuntimeError

    while len(tries) < 7:
        work.perform(KEY, "create", fail)
        now += 0.5
    assert [later - earlier for earlier, later in pairwise(tries)] == [2, 4, 8, 16, 30, 30]


def test_removed_objects_are_forgotten(work: Attempts) -> None:
    work.perform(KEY, "create", _fail)
    work.keep({("host", "i-2")})
    assert work.problems() == []


def test_the_engines_explanation_is_shown() -> None:
    assert describe(APIError("500 Server Error", explanation="pool overlaps")) == "pool overlaps"
