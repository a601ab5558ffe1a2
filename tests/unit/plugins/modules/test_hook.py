"""Hooks of a release: which are run, as whom, how often, and what is shown of one that fails."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugins.running import Runner

RELEASE = "3f2a9c51d0b7-5be0a1c4"
BEFORE = "8ea6931ef0c0-da72a7ab"
SECRET = "canary-4711-of-a-key"
UNIT = """[Unit]
Description=backend
[Service]
User=backend
WorkingDirectory={top}/current/code
EnvironmentFile={top}/current/.env
ExecStart=/bin/false
ProtectSystem=strict
"""
#: What systemd does as far as the module sees it, without its restrictions.
PROGRAMS = {
    "systemd-run": """
        while [ "$1" != -- ]; do
            case "$1" in --setenv=*) export "${1#--setenv=}" ;; esac
            echo "$1" >>"$FAKE/arguments"; shift
        done
        shift
        set -a; . "$FAKE/env"; set +a
        "$@" >>"$FAKE/log" 2>&1
    """,
    "systemctl": """
        case "$1" in
            cat) test "$2" = backend.service && cat "$FAKE/unit" ;;
            list-units) cat "$FAKE/units" 2>/dev/null || true ;;
            show) printf 'Result=%s\\nInvocationID=1\\n' "$(cat "$FAKE/result" 2>/dev/null || echo exit-code)" ;;
        esac
    """,
    "journalctl": 'case "$*" in *--sync*) ;; *) cat "$FAKE/log" ;; esac',
}


@pytest.fixture
def top(tmp_path: Path) -> Path:
    top = tmp_path / "app"
    (top / "releases" / RELEASE / "code" / "hooks").mkdir(parents=True)
    (top / "releases" / RELEASE / ".env").write_text(f"API_KEY={SECRET}\n")
    return top


@pytest.fixture
def fake(tmp_path: Path, top: Path) -> Path:
    folder = tmp_path / "fake"
    (folder / "bin").mkdir(parents=True)
    for name, script in PROGRAMS.items():
        path = folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    (folder / "unit").write_text(UNIT.format(top=top))
    (folder / "env").symlink_to(top / "releases" / RELEASE / ".env")
    return folder


@pytest.fixture
def runner(top: Path, fake: Path) -> Runner:
    options = {
        "dir": str(top),
        "name": "migrate",
        "release": RELEASE,
        "previous": BEFORE,
        "app": "shop",
        "environment": "dev",
        "host": "i-1",
    }
    return Runner("hook", options, {"PATH": f"{fake}/bin{os.pathsep}{os.environ['PATH']}", "FAKE": str(fake)})


def hook(top: Path, script: str, name: str = "migrate", mode: int = 0o755) -> Path:
    path = top / "releases" / RELEASE / "code" / "hooks" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(mode)
    return path


def test_a_release_without_hooks_is_none_the_worse(runner: Runner) -> None:
    for name in ("migrate", "before_switch", "after_switch"):
        done = runner.run(name=name)
        assert (done["changed"], done["ran"], done["reason"]) == (False, False, f"the release has no hooks/{name}")


def test_migrate_is_run_once_for_a_release(runner: Runner, top: Path, fake: Path) -> None:
    hook(top, "echo migrated")
    predicted = runner.check()
    assert (predicted["changed"], predicted["ran"]) == (True, False)
    assert not (fake / "log").exists()
    first = runner.run()
    assert (first["changed"], first["ran"], first["reason"]) == (True, True, "")
    assert predicted["diff"] == first["diff"]
    for again in (runner.check(), runner.run()):
        assert (again["changed"], again["ran"]) == (False, False)
        assert re.fullmatch(r"it has succeeded for this release at \d{4}-.*Z", again["reason"])
    assert (fake / "log").read_text() == "migrated\n"
    mark = top / "releases" / RELEASE / ".hooks.json"
    assert list(json.loads(mark.read_text())) == ["migrate"]
    assert stat.S_IMODE(mark.stat().st_mode) == 0o644


@pytest.mark.parametrize("name", ["before_switch", "after_switch"])
def test_the_others_are_run_with_each_switch(runner: Runner, top: Path, fake: Path, name: str) -> None:
    hook(top, "echo ran", name)
    assert [runner.run(name=name)["ran"] for _ in range(2)] == [True, True]
    assert runner.run(name=name, previous=RELEASE)["reason"] == "the release serves already"
    assert (fake / "log").read_text() == "ran\nran\n"


def test_what_a_hook_is_told_and_what_surrounds_it(runner: Runner, top: Path, fake: Path) -> None:
    hook(top, "env | grep ^SLIPWAY_ | sort; echo $API_KEY; command -v python; echo $VIRTUAL_ENV")
    release = top / "releases" / RELEASE
    (release / "venv" / "bin").mkdir(parents=True)
    (release / "venv" / "bin" / "python").symlink_to("/bin/true")
    runner.run()
    assert (fake / "log").read_text().splitlines() == [
        "SLIPWAY_APP_NAME=shop",
        "SLIPWAY_ENVIRONMENT=dev",
        "SLIPWAY_HOOK=migrate",
        "SLIPWAY_HOST=i-1",
        f"SLIPWAY_PREVIOUS={BEFORE}",
        f"SLIPWAY_RELEASE={RELEASE}",
        SECRET,
        f"{release}/venv/bin/python",
        f"{release}/venv",
    ]
    arguments = (fake / "arguments").read_text().splitlines()
    for wanted in (
        "--unit=backend-hook-migrate.service",
        "--property=User=backend",
        "--property=ProtectSystem=strict",
        f"--property=WorkingDirectory={release}/code",
        f"--property=EnvironmentFile={release}/.env",
        "--property=RuntimeMaxSec=300",
    ):
        assert wanted in arguments
    assert not any(f"{top}/current" in argument or "ExecStart" in argument for argument in arguments)


def test_one_that_fails_is_shown_without_secrets_and_run_again(runner: Runner, top: Path, fake: Path) -> None:
    hook(top, 'echo first; echo "cannot log in with $API_KEY"; test -e "$FAKE/mended"')
    message = runner.fail(journal_lines=1)
    assert message == (
        f"hooks/migrate of release {RELEASE} ended with 1. The end of what it printed:\ncannot log in with ***"
    )
    (fake / "mended").touch()
    assert runner.run()["ran"] is True


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ("timeout", "did not end within 7 s, and was ended"),
        ("oom-kill", "the host had no memory left for it"),
        ("signal", "was killed by a signal"),
        ("resources", "could not be run"),
    ],
)
def test_how_it_ended_is_told(runner: Runner, top: Path, fake: Path, result: str, words: str) -> None:
    hook(top, "exit 1")
    (fake / "result").write_text(result)
    assert words in runner.fail(timeout=7)


def test_one_that_an_ended_run_has_left_behind_is_waited_for(runner: Runner, top: Path, fake: Path) -> None:
    hook(top, "exit 0")
    (fake / "units").write_text("backend-hook-migrate.service loaded active running hooks/migrate of backend\n")
    message = runner.fail()
    assert "has not ended yet: wait for backend-hook-migrate.service" in message
    assert not (fake / "log").exists()


def test_a_release_that_was_overtaken_runs_none(runner: Runner, top: Path, fake: Path) -> None:
    hook(top, "exit 0")
    (top / ".generation").write_text("8\n")
    assert "another release has begun on this host" in runner.fail(generation=7)
    assert not (fake / "log").exists()
    assert runner.run(generation=8)["ran"] is True


@pytest.mark.parametrize(
    ("mode", "words"), [(0o644, "chmod +x hooks/migrate"), (0o744, "git update-index --chmod=+x hooks/migrate")]
)
def test_a_file_that_is_no_program_is_refused(runner: Runner, top: Path, mode: int, words: str) -> None:
    hook(top, "exit 0", mode=mode)
    assert words in runner.fail()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"release": "../../etc"}, "release '../../etc' is no id of a release"),
        ({"previous": "x"}, "previous 'x' is no id of a release"),
        ({"release": BEFORE}, "is not on this host: prepare it first"),
        ({"timeout": 0}, "timeout must be from 1 to 86400 seconds"),
        ({"unit": "other"}, "there is no other.service on this host"),
    ],
)
def test_what_cannot_work_is_refused(runner: Runner, top: Path, options: dict[str, Any], words: str) -> None:
    hook(top, "exit 0")
    assert words in runner.fail(**options)


def test_a_check_of_a_release_that_is_not_there_yet_says_so(runner: Runner) -> None:
    assert runner.check(release=BEFORE)["reason"] == "the release is not on this host yet"


def test_a_folder_is_no_hook(runner: Runner, top: Path) -> None:
    (top / "releases" / RELEASE / "code" / "hooks" / "migrate").mkdir()
    assert "is no file" in runner.fail()
