"""All probes at once: time, redaction, the report, and the command that the unit runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._probes import runner
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.redact import Redactor, secrets_in
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.stages import StageError, Trail
from ansible_collections.slipway.fastapi.plugins.modules import probe_archive

from tests.unit.plugins.module_utils.probes.servers import Reply, closed_port, http_server, tcp_server


def settings(*probes: dict[str, Any], timeout: float = 3, deadline: float = 10) -> dict[str, Any]:
    return {"unit": "backend", "timeout": timeout, "deadline": deadline, "probes": list(probes)}


def test_probes_run_at_the_same_time() -> None:
    def slow(*_: object) -> Reply:
        time.sleep(0.5)
        return Reply()

    with http_server(slow) as port:
        probes = [{"name": f"web-{number}", "kind": "http", "url": f"http://127.0.0.1:{port}/"} for number in range(6)]
        report = runner.run(settings(*probes), {})
    assert report["ok"]
    assert report["seconds"] < 2


def test_one_red_probe_leaves_the_others_green() -> None:
    with http_server(lambda *_: Reply()) as port:
        report = runner.run(
            settings(
                {"name": "web", "kind": "http", "url": f"http://127.0.0.1:{port}/"},
                {"name": "port", "kind": "tcp", "host": "127.0.0.1", "port": closed_port()},
            ),
            {"SLIPWAY_RELEASE": "abc-def"},
        )
    assert [(probe["name"], probe["ok"]) for probe in report["probes"]] == [("web", True), ("port", False)]
    assert (report["ok"], report["release"], report["schema"]) == (False, "abc-def", 1)


def test_a_probe_that_outlasts_the_deadline_is_red_at_its_stage() -> None:
    with tcp_server(lambda connection: time.sleep(5)) as port:
        began = time.monotonic()
        report = runner.run(
            settings({"name": "web", "kind": "http", "url": f"http://127.0.0.1:{port}/"}, timeout=30, deadline=0.5),
            {},
        )
    assert time.monotonic() - began < 3
    probe = report["probes"][0]
    assert (probe["ok"], probe["failed_stage"]) == (False, "http")
    assert "0.5 s" in probe["cause"]


def test_an_unexpected_error_is_a_red_stage_and_no_traceback() -> None:
    trail = Trail("odd", "odd")

    def probe(it: Trail) -> None:
        with it.stage("first"):
            raise RuntimeError("boom")

    runner.walk(trail, probe)
    part = trail.as_dict()
    assert (part["failed_stage"], "RuntimeError" in part["cause"], bool(part["fix"])) == ("first", True, True)


def test_an_error_between_stages_is_red_too() -> None:
    trail = Trail("odd", "odd")
    runner.walk(trail, lambda it: it.nothing)  # type: ignore[attr-defined]
    assert (trail.as_dict()["ok"], "AttributeError" in trail.as_dict()["cause"]) == (False, True)


def test_a_failing_stage_ends_the_probe() -> None:
    trail = Trail("two", "two")
    with pytest.raises(StageError), trail.stage("first"):
        raise StageError("cause", "fix", kind="kind")
    assert [stage.stage for stage in trail.stages] == ["first"]


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown kind of probe: ftp"):
        runner.run(settings({"name": "x", "kind": "ftp"}), {})


ENVIRONMENT = {
    "TAVILY_API_KEY": "tvly-0123456789",
    "DATABASE_URL": "postgresql://app:p%40ssword@db.invalid/app",
    "CACHE": "redis://:hidden-word@cache.invalid/0",
    "AWS_SECRET_ACCESS_KEY": "abcd/efgh",
    "S3_BUCKET": "content-bucket",
    "SHORT_KEY": "abc",
    "BROKEN": "https://[",
}


@pytest.mark.parametrize(
    "secret", ["tvly-0123456789", "p%40ssword", "p@ssword", "hidden-word", "abcd/efgh", "abcd%2Fefgh"]
)
def test_secrets_are_taken_out_of_any_depth(secret: str) -> None:
    redactor = Redactor(secrets_in(ENVIRONMENT))
    cleaned = redactor.tree({"a": [{"b": f"before {secret} after"}], "n": 1})
    assert cleaned == {"a": [{"b": "before *** after"}], "n": 1}


def test_what_is_no_secret_stays() -> None:
    assert Redactor(secrets_in(ENVIRONMENT)).text("content-bucket abc") == "content-bucket abc"
    assert Redactor([]).text("text") == "text"


def test_a_secret_in_a_servers_own_words_does_not_get_into_the_report() -> None:
    reply = Reply(200, json.dumps({"release": "tvly-0123456789"}).encode())
    with http_server(lambda *_: reply) as port:
        report = runner.run(
            settings({"name": "health", "kind": "health", "url": f"http://127.0.0.1:{port}/health"}), ENVIRONMENT
        )
    assert "tvly" not in json.dumps(report)


def test_the_archive_runs_alone_and_leaves_a_report(tmp_path: Path) -> None:
    application, config = tmp_path / "probes.pyz", tmp_path / "verify.json"
    report = tmp_path / "report.json"
    application.write_bytes(probe_archive.archive(probe_archive.sources()))
    with http_server(lambda *_: Reply()) as port:
        config.write_text(
            json.dumps(settings({"name": "health", "kind": "health", "url": f"http://127.0.0.1:{port}/health"}))
        )
        done = subprocess.run(
            [sys.executable, "-I", str(application), "--config", str(config), "--report", str(report)],
            # A service may set what would lead Python astray.
            env={**os.environ, "PYTHONPATH": "/nonexistent", "PYTHONHOME": "/nonexistent"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout == "health: ok\n"
    assert json.loads(report.read_text())["ok"] is True
    assert not report.with_suffix(".part").exists()
