"""What separates a host from serving a release in one of its slots."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.blue_green_state import (
    BlueGreenState,
    HaproxyState,
    SlotState,
    active_slot,
    compare,
    other,
    previous_for,
    reasons,
    stray_slots,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.links import links_for
from ansible_collections.slipway.fastapi.plugins.module_utils._system.systemd import Unit

NEW, OLD, OLDER = "aaaaaaaaaaaa-00000000", "bbbbbbbbbbbb-00000000", "cccccccccccc-00000000"
RUNNING = Unit(load="loaded", active="active", pid=10, enabled=True, started=1000.0)
STOPPED = Unit(load="loaded", active="inactive")
BLUE = SlotState(linked=f"releases/{NEW}", unit=RUNNING, serving=NEW)
GREEN = SlotState(linked=f"releases/{OLD}", unit=STOPPED, serving=None)
SERVING = BlueGreenState(
    active="blue",
    stored="blue",
    slots={"blue": BLUE, "green": GREEN},
    haproxy=HaproxyState(unit=RUNNING, active="blue"),
    boot=replace(RUNNING, pid=0),
    links={**links_for(NEW), "previous": f"releases/{OLD}"},
    accepted=NEW,
    phase="",
)
BARE = BlueGreenState(
    active=None,
    stored=None,
    slots=dict.fromkeys(("blue", "green"), SlotState(None, Unit("not-found", ""), None)),
    haproxy=HaproxyState(Unit("not-found", ""), None),
    boot=Unit("not-found", ""),
    links=dict.fromkeys(("current", "previous", ".env", "venv")),
    accepted=None,
    phase="",
)


def with_blue(**changes: Any) -> BlueGreenState:
    return replace(SERVING, slots={"blue": replace(BLUE, **changes), "green": GREEN})


def with_haproxy(**changes: Any) -> BlueGreenState:
    return replace(SERVING, haproxy=replace(SERVING.haproxy, **changes))


def test_a_host_that_serves_it_needs_nothing() -> None:
    assert not compare(SERVING, NEW).changed


@pytest.mark.parametrize(
    ("state", "words"),
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
        (replace(SERVING, complaint="it answers 500"), "it answers 500"),
    ],
)
def test_what_needs_the_other_slot(state: BlueGreenState, words: str) -> None:
    assert words in "; ".join(reasons(state, NEW))
    assert words in compare(state, NEW).as_diff()["before"]


def test_a_cause_is_not_followed_by_its_symptom() -> None:
    state = replace(with_blue(outdated=["the unit's files change"]), complaint="it answers 500")
    assert reasons(state, NEW) == ["the unit's files change"]


@pytest.mark.parametrize(
    ("state", "line"),
    [
        (replace(SERVING, boot=replace(SERVING.boot, enabled=False)), "at boot: not started"),
        (replace(SERVING, boot=replace(SERVING.boot, active="inactive")), "unit: inactive"),
        (with_haproxy(unit=replace(RUNNING, enabled=False)), "HAProxy at boot: not started"),
        (with_haproxy(unit=replace(RUNNING, active="inactive")), "HAProxy: inactive"),
        (
            with_haproxy(outdated=["haproxy.cfg is newer than what runs"]),
            "HAProxy: haproxy.cfg is newer than what runs",
        ),
        (with_haproxy(active="green"), "HAProxy: sends requests to green"),
        (with_haproxy(active=None), "HAProxy: sends requests to nothing"),
        (replace(SERVING, stored="green"), "map: green"),
        (replace(SERVING, stored=None), "map: missing"),
        (replace(SERVING, links={**SERVING.links, "current": f"releases/{OLD}"}), f"current: releases/{OLD}"),
        (replace(SERVING, links={**SERVING.links, ".env": "shared/.env"}), ".env: shared/.env"),
        (replace(SERVING, phase="drain"), "switch: ended in the phase drain"),
        (replace(SERVING, leftovers=[Path("/opt/backend/releases/.x.damaged")]), ".x.damaged: replaced while it ran"),
        (
            replace(SERVING, slots={"blue": BLUE, "green": replace(GREEN, unit=RUNNING)}),
            "green: runs and does not serve",
        ),
    ],
)
def test_what_needs_no_other_slot_is_a_change_all_the_same(state: BlueGreenState, line: str) -> None:
    assert reasons(state, NEW) == []
    assert compare(state, NEW).as_diff()["before"] == f"{line}\n"


def test_a_link_that_is_missing_is_set() -> None:
    state = replace(SERVING, links={**SERVING.links, "venv": None})
    assert compare(state, NEW).as_diff()["after"] == "venv: current/venv\n"


def test_before_a_switch_nothing_is_said_of_what_it_replaces() -> None:
    state = replace(with_haproxy(active="green"), slots={"blue": BLUE, "green": replace(GREEN, unit=RUNNING)})
    before = compare(state, OLD).as_diff()["before"]
    assert "HAProxy" not in before
    assert "green" not in before


def test_on_a_bare_host_everything_is_to_do() -> None:
    difference = compare(BARE, NEW).as_diff()
    assert difference["before"] == (
        "HAProxy: missing\nHAProxy at boot: not started\nat boot: not started\nserves: nothing serves\nunit: missing\n"
    )
    assert f"current: releases/{NEW}" in difference["after"]
    assert "previous" not in difference["after"]


@pytest.mark.parametrize(("slot", "expected"), [("blue", "green"), ("green", "blue"), (None, "blue")])
def test_the_other_slot(slot: str | None, expected: str) -> None:
    assert other(slot) == expected


@pytest.mark.parametrize(
    ("stored", "loaded", "runs", "expected"),
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
def test_what_serves(stored: str | None, loaded: str | None, runs: set[str], expected: str | None) -> None:
    assert active_slot(stored, loaded, {slot: slot in runs for slot in ("blue", "green")}) == expected


@pytest.mark.parametrize(
    ("accepted", "interrupted_from", "expected"),
    [
        (OLDER, None, OLDER),
        (NEW, None, OLD),
        (None, None, OLD),
        (NEW, OLDER, OLDER),
        (NEW, NEW, OLD),
        (OLD, OLDER, OLD),
    ],
)
def test_the_release_before(accepted: str | None, interrupted_from: str | None, expected: str) -> None:
    assert (
        previous_for(replace(SERVING, accepted=accepted, interrupted_from=interrupted_from), NEW)
        == f"releases/{expected}"
    )


def test_a_first_release_has_none_before() -> None:
    assert previous_for(BARE, NEW) is None


@pytest.mark.parametrize("active", ["active", "activating", "deactivating", "failed"])
def test_a_slot_that_does_not_serve_is_stopped_whatever_it_does(active: str) -> None:
    state = replace(SERVING, slots={"blue": BLUE, "green": replace(GREEN, unit=replace(RUNNING, active=active))})
    assert stray_slots(state) == ["green"]


@pytest.mark.parametrize("active", ["inactive", ""])
def test_a_slot_that_is_stopped_is_left_alone(active: str) -> None:
    state = replace(SERVING, slots={"blue": BLUE, "green": replace(GREEN, unit=replace(STOPPED, active=active))})
    assert stray_slots(state) == []
