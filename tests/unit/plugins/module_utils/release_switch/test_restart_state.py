"""What separates a host from serving a release."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.links import links_for
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.restart_state import (
    RestartState,
    compare,
    previous_for,
    restart_reasons,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._system.systemd import Unit

NEW, OLD = "aaaaaaaaaaaa-00000000", "bbbbbbbbbbbb-00000000"
UNIT = Unit(load="loaded", active="active", pid=10, enabled=True, started=1000.0)
SERVING = RestartState(
    links={**links_for(NEW), "previous": f"releases/{OLD}"},
    accepted=NEW,
    interrupted=False,
    unit=UNIT,
    serving=NEW,
    outdated=[],
    complaint="",
)


def test_a_host_that_serves_it_needs_nothing() -> None:
    assert not compare(SERVING, NEW).changed


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (replace(SERVING, unit=replace(UNIT, active="inactive", pid=0)), "the unit is inactive"),
        (replace(SERVING, unit=replace(UNIT, active="failed", pid=0)), "the unit is failed"),
        (replace(SERVING, serving=OLD), f"the process is of release {OLD}"),
        (replace(SERVING, serving=None), "the process is of release unknown"),
        (replace(SERVING, outdated=["the unit is newer than the process"]), "newer than the process"),
        (replace(SERVING, unit=replace(UNIT, stale=True)), "has not read"),
        (replace(SERVING, complaint="it answers 500"), "it answers 500"),
    ],
)
def test_what_needs_a_restart(state: RestartState, words: str) -> None:
    assert words in "; ".join(restart_reasons(state, NEW))
    assert words in compare(state, NEW).as_diff()["before"]


@pytest.mark.parametrize(
    "state",
    [
        replace(SERVING, unit=replace(UNIT, enabled=False)),
        replace(SERVING, links={**SERVING.links, "venv": None}),
        replace(SERVING, links={**SERVING.links, ".env": "shared/.env"}),
        replace(SERVING, interrupted=True),
        replace(SERVING, leftovers=[Path("/opt/backend/releases/.x.damaged")]),
    ],
    ids=["not at boot", "no venv", "another .env", "interrupted", "retired"],
)
def test_what_needs_no_restart_is_a_change_all_the_same(state: RestartState) -> None:
    assert restart_reasons(state, NEW) == []
    assert compare(state, NEW).changed


def test_on_a_bare_host_everything_is_to_do() -> None:
    bare = RestartState(
        dict.fromkeys(("current", "previous", ".env", "venv")), None, False, Unit("not-found", ""), None, [], ""
    )
    difference = compare(bare, NEW).as_diff()
    assert "unit: the unit is missing" in difference["before"]
    assert f"current: releases/{NEW}" in difference["after"]
    assert "previous" not in difference["after"]


def test_the_release_before_is_the_one_that_was_accepted() -> None:
    third = "cccccccccccc-00000000"
    assert previous_for(replace(SERVING, accepted=third), NEW) == f"releases/{third}"
    assert previous_for(SERVING, NEW) == f"releases/{OLD}"
    assert previous_for(replace(SERVING, accepted=None), NEW) == f"releases/{OLD}"
