"""What separates a host from serving a release in one of its colours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._colours import (
    Colour,
    Edge,
    Seen,
    compare,
    left_running,
    other,
    previous_for,
    reasons,
    serving,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._switch import links_for
from ansible_collections.slipway.fastapi.plugins.module_utils._systemd import Unit

NEW, OLD, OLDER = "aaaaaaaaaaaa-00000000", "bbbbbbbbbbbb-00000000", "cccccccccccc-00000000"
RUNNING = Unit(load="loaded", active="active", pid=10, enabled=True, started=1000.0)
STOPPED = Unit(load="loaded", active="inactive")
BLUE = Colour(linked=f"releases/{NEW}", unit=RUNNING, serving=NEW)
GREEN = Colour(linked=f"releases/{OLD}", unit=STOPPED, serving=None)
SERVING = Seen(
    active="blue",
    named="blue",
    colours={"blue": BLUE, "green": GREEN},
    edge=Edge(unit=RUNNING, active="blue"),
    boot=replace(RUNNING, pid=0),
    links={**links_for(NEW), "previous": f"releases/{OLD}"},
    accepted=NEW,
    phase="",
)
BARE = Seen(
    active=None,
    named=None,
    colours=dict.fromkeys(("blue", "green"), Colour(None, Unit("not-found", ""), None)),
    edge=Edge(Unit("not-found", ""), None),
    boot=Unit("not-found", ""),
    links=dict.fromkeys(("current", "previous", ".env", "venv")),
    accepted=None,
    phase="",
)


def with_blue(**changes: Any) -> Seen:
    return replace(SERVING, colours={"blue": replace(BLUE, **changes), "green": GREEN})


def with_edge(**changes: Any) -> Seen:
    return replace(SERVING, edge=replace(SERVING.edge, **changes))


def test_a_host_that_serves_it_needs_nothing() -> None:
    assert not compare(SERVING, NEW).changed


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (replace(SERVING, active=None), "nothing serves"),
        (with_blue(unit=STOPPED), "blue is inactive"),
        (with_blue(unit=Unit("not-found", "")), "blue is missing"),
        (with_blue(unit=replace(STOPPED, active="failed")), "blue is failed"),
        (with_blue(serving=OLD), f"blue is of release {OLD}"),
        (with_blue(serving=None), "blue is of release unknown"),
        (with_blue(linked=f"releases/{OLD}"), f"blue is of release {NEW}"),
        (with_blue(outdated=["manifest.json is newer than the process"]), "newer than the process"),
        (with_blue(unit=replace(RUNNING, stale=True)), "has not read"),
        (replace(SERVING, healthy="it answers 500"), "it answers 500"),
    ],
)
def test_what_needs_the_other_colour(seen: Seen, words: str) -> None:
    assert words in "; ".join(reasons(seen, NEW))
    assert words in compare(seen, NEW).as_diff()["before"]


def test_a_cause_is_not_followed_by_its_symptom() -> None:
    seen = replace(with_blue(outdated=["the unit's files change"]), healthy="it answers 500")
    assert reasons(seen, NEW) == ["the unit's files change"]


@pytest.mark.parametrize(
    ("seen", "line"),
    [
        (replace(SERVING, boot=replace(SERVING.boot, enabled=False)), "at boot: not started"),
        (replace(SERVING, boot=replace(SERVING.boot, active="inactive")), "unit: inactive"),
        (with_edge(unit=replace(RUNNING, enabled=False)), "HAProxy at boot: not started"),
        (with_edge(unit=replace(RUNNING, active="inactive")), "HAProxy: inactive"),
        (with_edge(outdated=["haproxy.cfg is newer than what runs"]), "HAProxy: haproxy.cfg is newer than what runs"),
        (with_edge(active="green"), "HAProxy: sends requests to green"),
        (with_edge(active=None), "HAProxy: sends requests to nothing"),
        (replace(SERVING, named="green"), "map: green"),
        (replace(SERVING, named=None), "map: missing"),
        (replace(SERVING, links={**SERVING.links, "current": f"releases/{OLD}"}), f"current: releases/{OLD}"),
        (replace(SERVING, links={**SERVING.links, ".env": "shared/.env"}), ".env: shared/.env"),
        (replace(SERVING, phase="drain"), "switch: ended in the phase drain"),
        (replace(SERVING, retired=[Path("/opt/backend/releases/.x.damaged")]), ".x.damaged: replaced while it ran"),
        (
            replace(SERVING, colours={"blue": BLUE, "green": replace(GREEN, unit=RUNNING)}),
            "green: runs and does not serve",
        ),
    ],
)
def test_what_needs_no_other_colour_is_a_change_all_the_same(seen: Seen, line: str) -> None:
    assert reasons(seen, NEW) == []
    assert compare(seen, NEW).as_diff()["before"] == f"{line}\n"


def test_a_link_that_is_missing_is_set() -> None:
    seen = replace(SERVING, links={**SERVING.links, "venv": None})
    assert compare(seen, NEW).as_diff()["after"] == "venv: current/venv\n"


def test_before_a_switch_nothing_is_said_of_what_it_replaces() -> None:
    seen = replace(with_edge(active="green"), colours={"blue": BLUE, "green": replace(GREEN, unit=RUNNING)})
    before = compare(seen, OLD).as_diff()["before"]
    assert "HAProxy" not in before
    assert "green" not in before


def test_on_a_bare_host_everything_is_to_do() -> None:
    difference = compare(BARE, NEW).as_diff()
    assert difference["before"] == (
        "HAProxy: missing\nHAProxy at boot: not started\nat boot: not started\nserves: nothing serves\nunit: missing\n"
    )
    assert f"current: releases/{NEW}" in difference["after"]
    assert "previous" not in difference["after"]


@pytest.mark.parametrize(("colour", "expected"), [("blue", "green"), ("green", "blue"), (None, "blue")])
def test_the_other_colour(colour: str | None, expected: str) -> None:
    assert other(colour) == expected


@pytest.mark.parametrize(
    ("named", "told", "runs", "expected"),
    [
        ("blue", "blue", {"blue"}, "blue"),
        ("blue", None, {"blue"}, "blue"),
        ("blue", "green", {"blue", "green"}, "blue"),
        ("blue", "green", {"green"}, "green"),
        ("none", "green", {"green"}, "green"),
        (None, None, {"blue"}, None),
        ("none", "none", set(), None),
        ("violet", None, {"blue"}, None),
        ("green", "green", set(), "green"),
        ("green", "blue", set(), "green"),
    ],
)
def test_what_serves(named: str | None, told: str | None, runs: set[str], expected: str | None) -> None:
    assert serving(named, told, {colour: colour in runs for colour in ("blue", "green")}) == expected


@pytest.mark.parametrize(
    ("accepted", "left", "expected"),
    [
        (OLDER, None, OLDER),
        (NEW, None, OLD),
        (None, None, OLD),
        (NEW, OLDER, OLDER),
        (NEW, NEW, OLD),
        (OLD, OLDER, OLD),
    ],
)
def test_the_release_before(accepted: str | None, left: str | None, expected: str) -> None:
    assert previous_for(replace(SERVING, accepted=accepted, left=left), NEW) == f"releases/{expected}"


def test_a_first_release_has_none_before() -> None:
    assert previous_for(BARE, NEW) is None


@pytest.mark.parametrize("state", ["active", "activating", "deactivating", "failed"])
def test_a_colour_that_does_not_serve_is_stopped_whatever_it_does(state: str) -> None:
    seen = replace(SERVING, colours={"blue": BLUE, "green": replace(GREEN, unit=replace(RUNNING, active=state))})
    assert left_running(seen) == ["green"]


@pytest.mark.parametrize("state", ["inactive", ""])
def test_a_colour_that_is_stopped_is_left_alone(state: str) -> None:
    seen = replace(SERVING, colours={"blue": BLUE, "green": replace(GREEN, unit=replace(STOPPED, active=state))})
    assert left_running(seen) == []
