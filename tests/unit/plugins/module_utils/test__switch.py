"""What separates a host from serving a release."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._switch import (
    Seen,
    compare,
    links_for,
    newer_files,
    previous_for,
    release_of,
    restart_reasons,
    variable_of,
    without_questions,
    without_secrets,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._systemd import Unit

NEW, OLD = "aaaaaaaaaaaa-00000000", "bbbbbbbbbbbb-00000000"
UNIT = Unit(load="loaded", active="active", pid=10, enabled=True, started=1000.0)
SERVING = Seen(
    links={**links_for(NEW), "previous": f"releases/{OLD}"},
    accepted=NEW,
    interrupted=False,
    unit=UNIT,
    serving=NEW,
    outdated=[],
    healthy="",
)


def test_a_host_that_serves_it_needs_nothing() -> None:
    assert not compare(SERVING, NEW).changed


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (replace(SERVING, unit=replace(UNIT, active="inactive", pid=0)), "the unit is inactive"),
        (replace(SERVING, unit=replace(UNIT, active="failed", pid=0)), "the unit is failed"),
        (replace(SERVING, serving=OLD), f"the process is of release {OLD}"),
        (replace(SERVING, serving=None), "the process is of release unknown"),
        (replace(SERVING, outdated=["the unit is newer than the process"]), "newer than the process"),
        (replace(SERVING, unit=replace(UNIT, stale=True)), "has not read"),
        (replace(SERVING, healthy="it answers 500"), "it answers 500"),
    ],
)
def test_what_needs_a_restart(seen: Seen, words: str) -> None:
    assert words in "; ".join(restart_reasons(seen, NEW))
    assert words in compare(seen, NEW).as_diff()["before"]


@pytest.mark.parametrize(
    "seen",
    [
        replace(SERVING, unit=replace(UNIT, enabled=False)),
        replace(SERVING, links={**SERVING.links, "venv": None}),
        replace(SERVING, links={**SERVING.links, ".env": "shared/.env"}),
        replace(SERVING, interrupted=True),
        replace(SERVING, retired=[Path("/opt/backend/releases/.x.damaged")]),
    ],
    ids=["not at boot", "no venv", "another .env", "interrupted", "retired"],
)
def test_what_needs_no_restart_is_a_change_all_the_same(seen: Seen) -> None:
    assert restart_reasons(seen, NEW) == []
    assert compare(seen, NEW).changed


def test_on_a_bare_host_everything_is_to_do() -> None:
    bare = Seen(
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


def test_without_a_release_the_environment_is_the_shared_one() -> None:
    assert links_for(None) == {"current": None, ".env": "shared/.env", "venv": None}


def test_files_that_are_newer_than_the_process(tmp_path: Path) -> None:
    moments = {"old": 900, "new": 1100, "from the future": 9000}
    for name, moment in moments.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (moment, moment))
    unit = replace(UNIT, files=(tmp_path / "old", tmp_path / "new", tmp_path / "gone"))
    expected = [f"{tmp_path}/new is newer than the process"]
    assert newer_files(unit, [tmp_path / "from the future"], now=2000) == expected
    assert newer_files(replace(unit, started=None), [], now=2000) == []


def test_the_release_of_a_process_is_in_its_environment() -> None:
    assert variable_of(b"A=1\0SLIPWAY_RELEASE=r1\0B=2\0") == "r1"
    assert variable_of(b"A=SLIPWAY_RELEASE=r1\0NOT_SLIPWAY_RELEASE=r2\0") is None


def test_the_release_of_a_process_that_runs() -> None:
    with subprocess.Popen(["/bin/cat"], env={"SLIPWAY_RELEASE": NEW}, stdin=subprocess.PIPE) as process:
        assert release_of(process.pid) == NEW
        process.communicate()
    assert release_of(process.pid) is None, "it has ended"
    assert release_of(0) is None, "there is none"


def test_the_gates_own_questions_are_left_out() -> None:
    text = 'INFO: 127.0.0.1:1 - "GET /health HTTP/1.1" 503\nERROR: no database\nINFO: 10.0.0.1:2 - "GET / HTTP/1.1" 200'
    assert without_questions(text, "/health").splitlines() == [
        "ERROR: no database",
        'INFO: 10.0.0.1:2 - "GET / HTTP/1.1" 200',
    ]


@pytest.mark.parametrize(
    "line",
    [
        "KeyError: canary-7f3a9",
        "could not connect to postgresql://app:p%40ss-word@db/app",
        "password p@ss-word is wrong",
        "sent canary%2F7f3a%209",
    ],
)
def test_no_value_of_the_environment_is_shown(line: str) -> None:
    environment = b"KEY=canary-7f3a9\nDATABASE_URL=postgresql://app:p%40ss-word@db/app\nODD=canary/7f3a 9\n"
    shown = without_secrets(f"before\n{line}\nafter", environment)
    assert shown.startswith("before\n")
    assert shown.endswith("\nafter")
    assert "***" in shown
    for secret in ("canary", "ss-word"):
        assert secret not in shown


def test_a_journal_whose_secrets_are_not_known_is_not_shown() -> None:
    shown = without_secrets("KeyError: canary-7f3a9", b"KEY='canary-7f3a9")
    assert "canary" not in shown
    assert "not shown" in shown
