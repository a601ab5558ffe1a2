"""What runs on a host for `make status`, `make shell` and `make run`."""

from __future__ import annotations

import ast
import fcntl
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._service import context as inside

from slipway.operate import service
from slipway.operate.on_host import state
from tests.unit.repo.helpers import ROOT
from tests.unit.roles.test_templates import render

HARDENING = (ROOT / "roles" / "service" / "files" / "50-hardening.conf").read_text(encoding="utf-8")
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


def test_what_surrounds_it_is_that_of_the_release_and_not_of_a_link() -> None:
    release = Path("/opt/backend/releases/a")
    assert inside.of_release(inside.settings(UNIT), Path("/opt/backend/current"), release) == [
        "User=backend",
        "WorkingDirectory=/opt/backend/releases/a/code",
        "EnvironmentFile=/opt/backend/releases/a/.env",
    ]


def test_a_slot_instance_is_its_own_and_its_socket_stays_the_services() -> None:
    """systemd removes a RuntimeDirectory when the unit ends that has it: here with the socket of what serves."""
    variables = {"service_unit": "web", "service_dir": "/srv/web", "service_account": "web", "service_app": "m:a"}
    text = render(ROOT / "roles" / "service" / "templates" / "slot@.service.j2", **variables)
    assert "RuntimeDirectory=web-%i" in text
    found = inside.of_release(inside.settings(text), Path("/srv/web/green"), Path("/srv/web/releases/a"))
    assert found == [
        *("User=web", "Group=web", "WorkingDirectory=/srv/web/releases/a/code", "StateDirectory=web"),
        "Environment=HOME=/var/lib/web PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1",
        "Environment=SLIPWAY_DRAIN_FILE=/run/web-green/drain SLIPWAY_APP=m:a",
        *("EnvironmentFile=/srv/web/releases/a/.env", "EnvironmentFile=/srv/web/releases/a/release.env"),
        "LimitNOFILE=16500",
    ]


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("active green\nmaintenance off\n", "green"),
        ("maintenance on\nactive blue\n", "blue"),
        ("active none\n", ""),
        ("active ../../x\n", ""),
        (None, ""),
    ],
)
def test_the_slot_is_the_one_of_the_map(tmp_path: Path, text: str | None, slot: str) -> None:
    if text is not None:
        (tmp_path / "haproxy.map").write_text(text, encoding="utf-8")
    assert inside.slot_of(tmp_path) == slot


@pytest.mark.parametrize(("active", "release"), [("blue", "old"), ("green", "new"), ("none", "old")])
def test_a_command_is_beside_the_slot_that_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, active: str, release: str
) -> None:
    for name in ("old", "new"):
        (tmp_path / "releases" / name).mkdir(parents=True)
    for link, target in {"current": "old", "blue": "old", "green": "new"}.items():
        (tmp_path / link).symlink_to(f"releases/{target}")
    (tmp_path / "haproxy.map").write_text(f"active {active}\n", encoding="utf-8")
    ran: list[list[str]] = []
    monkeypatch.setattr("sys.argv", ["inside", str(tmp_path), "web", "pipe", "id"])
    monkeypatch.setattr(inside, "unit_files", {"web@": f"[Service]\nEnvironmentFile={tmp_path}/%i/.env\n"}.get)
    monkeypatch.setattr("os.execvp", lambda _program, argv: ran.append(argv))
    inside.main()
    assert f"--setenv=VIRTUAL_ENV={tmp_path}/releases/{release}/venv" in ran[0]
    if active != "none":
        assert f"--property=EnvironmentFile={tmp_path}/releases/{release}/.env" in ran[0]


def test_the_command_runs_with_the_releases_own_programs() -> None:
    release = Path("/opt/backend/releases/a")
    argv = inside.command_line("backend", release, ["User=backend"], ["sh", "-c", "$A"], terminal=False)
    assert {"--pipe", "--property=User=backend"} <= set(argv)
    assert "--setenv=PATH=/opt/backend/releases/a/venv/bin:/usr/local/bin:/usr/bin:/bin" in argv
    # systemd makes $$ a $ again.
    assert argv[argv.index("--") + 1 :] == ["sh", "-c", "$$A"]


def test_a_person_gets_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    argv = inside.command_line("backend", Path("/r"), [], ["bash"], terminal=True)
    assert {"--pty", "--setenv=TERM=xterm"} <= set(argv)
    assert "--pipe" not in argv


def test_a_host_without_a_release_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["inside", str(tmp_path), "backend", "pipe", "id"])
    with pytest.raises(SystemExit, match="make publish release"):
        inside.main()


@pytest.mark.parametrize("path", [service.INSIDE, service.STATE], ids=["inside", "state"])
def test_it_is_one_file_of_the_standard_library_for_the_oldest_python(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 9))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= {"__future__", "collections.abc", "pathlib", "typing"}


def test_the_release_is_the_one_that_a_link_points_to(tmp_path: Path) -> None:
    assert state.release_of(tmp_path / "current") == ""
    (tmp_path / "releases" / "one").mkdir(parents=True)
    (tmp_path / "current").symlink_to("releases/one")
    assert state.release_of(tmp_path / "current") == "one"


@pytest.fixture
def slots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A directory whose green serves and whose blue runs, and the folder of the units' files."""
    for link, name in {"current": "new", "green": "new", "blue": "old"}.items():
        (tmp_path / "releases" / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / link).symlink_to(f"releases/{name}")
    (tmp_path / "haproxy.map").write_text("active green\nmaintenance off\n", encoding="utf-8")
    (tmp_path / ".release.lock").touch()
    (tmp_path / "web@.service").touch()
    monkeypatch.setattr(state, "unit_of", lambda name: {"name": name, "active": "active"})
    monkeypatch.setattr(state, "releasing", lambda _directory: False)
    return tmp_path, tmp_path


def test_a_service_of_two_slot_is_the_one_that_the_map_names(slots: tuple[Path, Path]) -> None:
    found = state.service_of(slots[0], "web", slots[1])
    assert found == {
        **{"release": "new", "slot": "green", "maintenance": False},
        "unit": {"name": "web@green", "active": "active"},
        "haproxy": {"name": "haproxy", "active": "active"},
        "beside": [
            {
                **{"slot": "blue", "doing": "left running", "release": "old"},
                "unit": {"name": "web@blue", "active": "active"},
            }
        ],
    }


def test_maintenance_is_told(slots: tuple[Path, Path]) -> None:
    (slots[0] / "haproxy.map").write_text("active green\nmaintenance on\n", encoding="utf-8")
    assert state.service_of(slots[0], "web", slots[1])["maintenance"] is True


def test_a_host_before_its_first_release_has_no_slot(slots: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    (slots[0] / "haproxy.map").write_text("active none\nmaintenance off\n", encoding="utf-8")
    monkeypatch.setattr(state, "unit_of", lambda name: {"name": name, "active": "inactive"})
    found = state.service_of(slots[0], "web", slots[1])
    assert (found["slot"], found["unit"]["name"], found["beside"]) == ("", "web", [])


def test_a_service_that_is_restarted_is_its_own_unit(slots: tuple[Path, Path]) -> None:
    """Also where a map is left of another strategy."""
    (slots[1] / "web@.service").unlink()
    found = state.service_of(slots[0], "web", slots[1])
    assert (found["slot"], found["unit"]["name"], found["haproxy"], found["beside"]) == ("", "web", None, [])


@pytest.mark.parametrize(
    ("under_way", "notice", "doing"),
    [(True, False, "starting"), (True, True, "draining"), (False, True, "left running")],
)
def test_what_the_other_slot_does(
    slots: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, under_way: bool, notice: bool, doing: str
) -> None:
    monkeypatch.setattr(state, "releasing", lambda _directory: under_way)
    (slots[0] / "web-blue").mkdir()
    if notice:
        (slots[0] / "web-blue" / "drain").touch()
    (found,) = state.beside(slots[0], "web", "green", slots[0])
    assert found["doing"] == doing


def test_a_run_under_way_holds_the_lock(tmp_path: Path) -> None:
    assert state.releasing(tmp_path) is False
    with (tmp_path / ".release.lock").open("w") as lock:
        assert state.releasing(tmp_path) is False
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert state.releasing(tmp_path) is True


def test_who_waits_for_the_lock_does_not_hold_it(tmp_path: Path) -> None:
    lock, table = tmp_path / ".release.lock", tmp_path / "locks"
    lock.touch()
    table.write_text(
        f"1: FLOCK  ADVISORY  WRITE 7 fe:00:1 0 EOF\n1: -> FLOCK  ADVISORY  WRITE 8 fe:00:{lock.stat().st_ino} 0 EOF\n"
    )
    assert state.releasing(tmp_path, table) is False


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
