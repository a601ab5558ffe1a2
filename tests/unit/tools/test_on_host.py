"""What runs on a host for `make status`, `make shell` and `make run`."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.repo.helpers import ROOT
from tools.on_host import inside, state

HARDENING = (ROOT / "roles" / "uvicorn" / "files" / "50-hardening.conf").read_text(encoding="utf-8")
UNIT = """# /etc/systemd/system/backend.service
[Unit]
Description=backend
[Service]
Type=exec
User=backend
WorkingDirectory=/opt/backend/current/code
EnvironmentFile=/opt/backend/current/.env
ExecStart=/bin/sh -c 'x' uvicorn \\
  Environment=not-a-setting
Restart=on-failure
RestartSec=2
TimeoutStopSec=35
SyslogIdentifier=backend
[Install]
WantedBy=multi-user.target

"""


def test_what_surrounds_the_service_is_kept_and_what_it_runs_is_not() -> None:
    found = inside.settings(UNIT)
    assert found == [
        "User=backend",
        "WorkingDirectory=/opt/backend/current/code",
        "EnvironmentFile=/opt/backend/current/.env",
    ]


def test_every_restriction_of_the_service_is_one_of_the_command() -> None:
    wanted = [line for line in HARDENING.splitlines() if "=" in line and not line.startswith("#")]
    assert len(wanted) > 20
    assert inside.settings(UNIT + HARDENING)[3:] == wanted


def test_the_command_runs_in_the_releases_own_folder() -> None:
    release, directory = Path("/opt/backend/releases/a"), Path("/opt/backend")
    argv = inside.command_line("backend", release, directory, inside.settings(UNIT), ["sh", "-c", "$A"], terminal=False)
    assert "--pipe" in argv
    assert "--property=WorkingDirectory=/opt/backend/releases/a/code" in argv
    assert "--property=EnvironmentFile=/opt/backend/releases/a/.env" in argv
    assert "--setenv=PATH=/opt/backend/releases/a/venv/bin:/usr/local/bin:/usr/bin:/bin" in argv
    # systemd makes $$ a $ again.
    assert argv[argv.index("--") + 1 :] == ["sh", "-c", "$$A"]


def test_a_person_gets_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    argv = inside.command_line("backend", Path("/r"), Path("/d"), [], ["bash"], terminal=True)
    assert {"--pty", "--setenv=TERM=xterm"} <= set(argv)
    assert "--pipe" not in argv


def test_a_host_without_a_release_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["inside", str(tmp_path), "backend", "pipe", "id"])
    with pytest.raises(SystemExit, match="make publish release"):
        inside.main()


@pytest.mark.parametrize("name", ["inside", "state"])
def test_it_is_one_file_of_the_standard_library_for_the_oldest_python(name: str) -> None:
    text = (ROOT / "tools" / "on_host" / f"{name}.py").read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 9))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= {"__future__", "collections.abc", "pathlib", "typing"}


def test_the_release_is_the_one_that_current_points_to(tmp_path: Path) -> None:
    assert state.release_of(tmp_path) == ""
    (tmp_path / "releases" / "one").mkdir(parents=True)
    (tmp_path / "current").symlink_to("releases/one")
    assert state.release_of(tmp_path) == "one"


def test_the_disk_is_told_before_there_is_an_application(tmp_path: Path) -> None:
    disk = state.disk_of(tmp_path / "not" / "yet")
    assert 0 < disk["free"] <= disk["total"] <= shutil.disk_usage(tmp_path).total


def test_the_units_state_is_what_systemctl_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = (
        "LoadState=loaded\nActiveState=active\nSubState=running\nNRestarts=2\n"
        "StateChangeTimestamp=Sat\nResult=success\n"
    )
    monkeypatch.setattr(subprocess, "run", lambda *_args, **_options: subprocess.CompletedProcess([], 0, shown, ""))
    assert state.unit_of("backend") == {
        **{"name": "backend", "load": "loaded", "active": "active", "sub": "running"},
        **{"result": "success", "since": "Sat", "restarts": 2},
    }


def test_the_last_verify_names_what_is_red(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    probes = [{"name": "s3", "ok": False}, {"name": "rds", "ok": True}]
    report.write_text(json.dumps({"ok": False, "started": "T", "release": "a", "probes": probes}), encoding="utf-8")
    assert state.verified(report) == {"ok": False, "started": "T", "release": "a", "red": ["s3"]}


@pytest.mark.parametrize(
    "content", ["", "[]", '{"ok": true}', '{"ok": true, "started": "", "release": "", "probes": 1}']
)
def test_a_report_that_is_none_is_not_believed(tmp_path: Path, content: str) -> None:
    report = tmp_path / "report.json"
    report.write_text(content, encoding="utf-8")
    assert state.verified(report) is None


def test_a_link_in_the_reports_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text('{"ok": true, "started": "s", "release": "r", "probes": []}', encoding="utf-8")
    (tmp_path / "report.json").symlink_to(tmp_path / "secret")
    assert state.verified(tmp_path / "report.json") is None
    assert state.verified(tmp_path / "absent") is None
