"""`make releases`: what S3 and each host say of releases, for a person and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._lease import lease
from ansible_collections.slipway.fastapi.plugins.module_utils._release import history
from ansible_collections.slipway.fastapi.plugins.module_utils._release.history import Record
from moto import mock_aws

from slipway.operate import releases

AWS = {"region": "us-east-1", "access_key": "sandbox", "secret_key": "sandbox"}
BUCKET = "deployments"
OLD, NEW = "8ea6931ef0c0-da72a7ab", "3f2a9c51d0b7-5be0a1c4"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    # moto's answers have a date only where it runs as a server.
    monkeypatch.setattr(lease, "clock", lambda _: datetime.now(timezone.utc))
    with mock_aws():
        client = boto3.client("s3", "us-east-1", aws_access_key_id="sandbox", aws_secret_access_key="sandbox")
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program named ssh that says what a file beside it holds, and fails where there is none."""
    program = tmp_path / "ssh"
    program.write_text(f"#!/bin/sh\ncat {tmp_path}/answer || {{ echo no route >&2; exit 255; }}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path / "answer"


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> None:
    """An inventory with two hosts of one application."""
    common: dict[str, Any] = {
        "address": "10.0.0.4",
        "user": "slipway",
        "key": "",
        "options": "",
        "public": "",
        "port": 8000,
    }
    host: dict[str, Any] = {**common, "health": "/health", "app": "shop"}
    place = {"app": "shop", "bucket": BUCKET, "aws": AWS}
    monkeypatch.setattr(releases, "ask", lambda *_: {"i-1": place, "i-2": place})
    monkeypatch.setattr(releases, "find_hosts", lambda _: [releases.Host(name=name, **host) for name in ("i-1", "i-2")])


def record(generation: int, **changes: Any) -> Record:
    values = {"kind": "release", "result": "released", "by": "anna@b", "release": NEW, **changes}
    began = f"2026-11-21T07:3{generation}:00Z"
    return Record(generation=generation, began=began, ended=f"2026-11-21T07:3{generation}:42Z", **values)


def switched(**changes: Any) -> str:
    line = {"time": "2026-11-21T07:31:30Z", "release": NEW, "previous": OLD, "action": "release", "by": "anna@b"}
    return json.dumps({**line, "seconds": 3.1, **changes}) + "\n"


@pytest.mark.usefixtures("fleet")
def test_a_table_for_a_person(s3: Any, ssh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history.store(s3, BUCKET, "shop", record(1))
    history.store(s3, BUCKET, "shop", record(2, kind="rollback", result="rolled_back", release="", by="ben@build-7"))
    store = lease.Store(s3, BUCKET, "shop/lease.json")
    lease.acquire(store, lease.Lease(lease.HELD, 0, "cleo@c", 7, "t", "release", "", "", 60))
    ssh.write_text(switched(), encoding="utf-8")
    assert releases.show("an inventory", 20, as_json=False) is True
    lines = capsys.readouterr().out.splitlines()
    since = store.look().holder
    assert since
    assert lines == [
        "shop",
        f"  under way: release by cleo@c since {since.acquired.replace('T', ' ')}",
        "  WHEN                  WHO          WHAT      RELEASE                RESULT       TOOK",
        "  2026-11-21 07:32:00Z  ben@build-7  rollback  -                      rolled back  42 s",
        f"  2026-11-21 07:31:00Z  anna@b       release   {NEW}  released     42 s",
        f"  i-1  {NEW}  release 2026-11-21T07:31:30Z by anna@b, before it {OLD}",
        f"  i-2  {NEW}  release 2026-11-21T07:31:30Z by anna@b, before it {OLD}",
    ]


@pytest.mark.usefixtures("fleet")
def test_json_for_programs(s3: Any, ssh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history.store(s3, BUCKET, "shop", record(1))
    ssh.write_text(switched(), encoding="utf-8")
    assert releases.show("an inventory", 1, as_json=True) is True
    document = json.loads(capsys.readouterr().out)
    (app,) = document["apps"]
    assert (app["app"], app["lease"], app["records"][0]["release"]) == ("shop", None, NEW)
    assert [(answer["host"], answer["last"]["release"]) for answer in document["hosts"]] == [("i-1", NEW), ("i-2", NEW)]


@pytest.mark.usefixtures("fleet")
def test_hosts_are_told_of_without_s3(s3: Any, ssh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    s3.delete_bucket(Bucket=BUCKET)
    ssh.write_text(switched(previous=""), encoding="utf-8")
    assert releases.show("an inventory", 20, as_json=False) is False
    shown = capsys.readouterr().out
    assert f"✗ the bucket {BUCKET} for leases and history does not exist: make it (make apply)" in shown
    assert f"i-1  {NEW}  release 2026-11-21T07:31:30Z by anna@b\n" in shown


@pytest.mark.usefixtures("fleet", "s3")
@pytest.mark.parametrize(
    ("answer", "told", "well"),
    [
        (None, "✗ no route", False),
        ("", "no release yet", True),
        ("torn{", "✗ the last line of /opt/backend/history.jsonl is no record", False),
        ("7\n", "✗ the last line of /opt/backend/history.jsonl is no record", False),
    ],
)
def test_what_a_host_does_not_say(
    ssh: Path, answer: str | None, told: str, well: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    if answer is not None:
        ssh.write_text(answer, encoding="utf-8")
    assert releases.show("an inventory", 20, as_json=False) is well
    shown = capsys.readouterr().out
    assert f"i-2  {told}\n" in shown
    assert "no release yet: make deploy" in shown


def test_an_app_without_a_bucket_is_told_what_to_do() -> None:
    assert releases.read("shop", "", AWS, 20).problems == ["its hosts name no bucket for the history: run make apply"]


@pytest.mark.parametrize(("ended", "shown"), [("2026-11-21T07:32:05Z", "1 min 5 s"), ("", "")])
def test_how_long_it_took(ended: str, shown: str) -> None:
    assert releases.took(Record(1, "release", "released", "a", "2026-11-21T07:31:00Z", ended)) == shown


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize("answer", ["[" * 200_000, "[1]", switched(by="\x1b]0;x\x07\x1b[2J", release="x" * 5000)])
def test_a_host_that_lies_is_a_line(s3: Any, ssh: Path, capsys: pytest.CaptureFixture[str], answer: str) -> None:
    history.store(s3, BUCKET, "shop", record(1))
    ssh.write_text(answer)
    releases.show("inventories/dev", 20, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert all(line.isprintable() and len(line) < 400 for line in lines)
