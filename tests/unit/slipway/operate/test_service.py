"""`make status`, `logs`, `shell` and `run`: what is asked of a host, and what is said of its answer."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from slipway.operate import service
from slipway.operate.hosts import Host

RELEASE = "0123456789ab-01234567"


def host(**changes: str) -> Host:
    """A host of an application named shop."""
    values: dict[str, Any] = {"address": "10.0.0.4", "user": "slipway", "key": "", "options": "", "public": ""}
    return Host(name="i-1", port=8000, health="/health", app="shop", **values | changes)


def state(**changes: Any) -> dict[str, Any]:
    """What a host says whose service runs."""
    unit = {"name": "backend", "load": "loaded", "active": "active", "sub": "running", "since": "Sat", "restarts": 0}
    return {
        "host": "i-1",
        "app": "shop",
        "artifact": "s3://bucket/app.zip",
        "release": RELEASE,
        "serves": True,
        "unit": unit,
        "slot": "",
        "haproxy": None,
        "maintenance": False,
        "beside": [],
        "disk": {"total": 8 * 2**30, "free": 2 * 2**30},
        "verify": {"ok": True, "started": "2026-11-21T00:00:00Z", "release": RELEASE, "red": []},
    } | changes


def test_a_well_host_is_one_line() -> None:
    assert service.line_of(state()) == (
        f"i-1  shop  release {RELEASE}  ✓ active (running)  since Sat  disk 2.0 of 8.0 GiB free  "
        "verify ✓ 2026-11-21T00:00:00Z"
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"release": ""}, "release none"),
        ({"verify": None}, "verify not since the host started"),
        ({"verify": {"ok": False, "started": "T", "release": RELEASE, "red": ["s3", "rds"]}}, "verify ✗ s3, rds T"),
        ({"verify": {"ok": True, "started": "T", "release": "older", "red": []}}, "verify ✓ T (another release)"),
        ({"unit": state()["unit"] | {"active": "failed", "sub": "failed"}}, "✗ failed (failed)"),
        ({"unit": state()["unit"] | {"restarts": 3}}, "restarts 3"),
        ({"unit": state()["unit"] | {"load": "not-found", "active": "inactive"}}, "✗ no backend.service"),
        ({"error": "no route"}, "✗ no route"),
    ],
)
def test_what_is_not_well_is_told(changes: dict[str, Any], told: str) -> None:
    assert told in service.line_of(state(**changes))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"artifact": "", "release": "", "serves": False}, "release none  ✓ no service: ready for Docker  disk"),
        ({"serves": False}, f"release {RELEASE}  ✓ no service: ready for Docker, with files  disk"),
        ({"release": "", "serves": False}, "✗ no backend.service"),
    ],
    ids=["nothing to run", "mere files", "not released yet"],
)
def test_a_host_without_a_service(changes: dict[str, Any], told: str) -> None:
    found = state(unit=state()["unit"] | {"load": "not-found", "active": "inactive", "since": ""}, **changes)
    assert told in service.line_of(found)
    assert service.well(found) is ("✓" in told)


def with_slots(**changes: Any) -> dict[str, Any]:
    """What a host says whose service is one of two slots."""
    haproxy = {"name": "haproxy", "load": "loaded", "active": "active", "sub": "running"}
    return state(slot="green", haproxy=haproxy, **changes)


BESIDE = {"slot": "blue", "release": "older", "unit": state()["unit"]}


@pytest.mark.parametrize(
    ("changes", "told", "well"),
    [
        ({}, "✓ green active (running)", True),
        ({"maintenance": True}, "! maintenance", True),
        ({"beside": [BESIDE | {"doing": "draining"}]}, "  blue draining (release older)", True),
        ({"beside": [BESIDE | {"doing": "left running"}]}, "  ! blue left running (release older)", True),
        ({"unit": state()["unit"] | {"active": "failed", "sub": "failed"}}, "✗ green failed (failed)", False),
        ({"haproxy": {"active": "failed", "sub": "failed"}}, "✗ HAProxy failed (failed)", False),
        ({"slot": "", "unit": state()["unit"] | {"sub": "exited"}}, "✗ active (exited)", False),
    ],
)
def test_a_service_of_two_slots(changes: dict[str, Any], told: str, well: bool) -> None:
    found = with_slots() | changes
    assert told in service.line_of(found)
    assert service.well(found) is well


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program named ssh that says what a file beside it holds."""
    program = tmp_path / "ssh"
    program.write_text(f"#!/bin/sh\ncat {tmp_path}/answer; echo '{tmp_path} says no' >&2\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path / "answer"


def test_status_is_json_for_programs(ssh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = {name: value for name, value in with_slots().items() if name not in ("host", "app", "artifact")}
    ssh.write_text(json.dumps(told), encoding="utf-8")
    assert service.status([host(public="198.51.100.7")], as_json=True) is True
    known = {"host": "i-1", "app": "shop", "address": "198.51.100.7", "artifact": "s3://"}
    assert json.loads(capsys.readouterr().out) == [known | told]


def test_a_host_that_is_not_reached_is_told_and_not_well(ssh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ssh.write_text("", encoding="utf-8")
    assert service.status([host()], as_json=False) is False
    assert capsys.readouterr().out == f"i-1  shop  ✗ {ssh.parent} says no\n"


@pytest.mark.parametrize(
    "answer",
    [
        "[" * 200_000,
        "[]",
        "7",
        '"text"',
        "{}",
        "no JSON",
        json.dumps(state(unit=[])),
        json.dumps(state(disk={"free": 1})),
    ],
    ids=["brackets", "list", "number", "text", "empty", "no JSON", "another unit", "another disk"],
)
def test_an_answer_that_is_no_state_is_told_in_a_line(
    ssh: Path, capsys: pytest.CaptureFixture[str], answer: str
) -> None:
    ssh.write_text(answer, encoding="utf-8")
    assert service.status([host()], as_json=False) is False
    told = capsys.readouterr().out
    assert told.startswith("i-1  shop  ✗ it answers something else than its state: ")
    assert len(told) < 400


def test_a_host_is_what_the_inventory_says_and_does_not_steer_the_terminal(
    ssh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ssh.write_text(json.dumps(state(host="i-2", app="bank", release="\x1b]0;x\x07\n")), encoding="utf-8")
    service.status([host()], as_json=False)
    told = capsys.readouterr().out
    assert told.startswith("i-1  shop  release ")
    assert told.rstrip("\n").isprintable()


def test_a_script_reaches_the_host_as_one_word_that_a_shell_reads_back() -> None:
    (word,) = service.beside(host(unit="web", directory="/srv/web"), True, "/bin/sh", "-c", "echo '$HOME' \"a b\"")
    words = shlex.split(word)
    assert words[:4] == ["sudo", "--non-interactive", "python3", "-c"]
    compile(words[4], "inside.py", "exec")
    assert words[5:] == ["/srv/web", "web", "terminal", "/bin/sh", "-c", "echo '$HOME' \"a b\""]


def test_the_journal_is_that_of_all_that_has_a_part_in_the_service() -> None:
    (word,) = service.journal(host(unit="web"), 20, True, "1 hour ago")
    assert shlex.split(word)[2:] == [
        *("journalctl", "--no-pager", "--unit=web", "--unit=web@blue", "--unit=web@green", "--unit=haproxy"),
        *("--lines=20", "--follow", "--since=1 hour ago"),
    ]


def test_options_of_ssh_stand_before_the_host() -> None:
    assert host(options="-o X=1").ssh(["true"], options=["-t"]) == [
        "ssh",
        "-t",
        "-o",
        "X=1",
        "slipway@10.0.0.4",
        "true",
    ]
