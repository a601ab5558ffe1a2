"""Steps of a build: what they may do, and that they leave nothing running."""

from __future__ import annotations

import os
import pwd
import time
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._virtualenv import sandboxed_build
from ansible_collections.slipway.fastapi.plugins.module_utils._virtualenv.sandboxed_build import (
    Account,
    ConfineError,
    LateError,
    Processes,
    Step,
    TransientUnit,
)

ROLE = Path(__file__).parents[5] / "roles" / "service" / "files" / "50-hardening.conf"
ME = pwd.getpwuid(os.geteuid())


@pytest.fixture
def step(tmp_path: Path) -> Step:
    account = Account(ME.pw_name, ME.pw_uid, ME.pw_gid)
    return Step(["true"], tmp_path, account, {"PATH": os.environ["PATH"]}, [tmp_path], 30)


def test_a_step_has_the_restrictions_of_the_service() -> None:
    lines = [line for line in ROLE.read_text().splitlines() if "=" in line and not line.startswith("#")]
    assert [line for line in lines if not line.startswith("UMask=")] == list(sandboxed_build.RESTRICTIONS)


def test_a_step_is_a_unit_that_ends_all_of_itself(step: Step, tmp_path: Path) -> None:
    unit = TransientUnit.for_directory(Path("/opt/backend"), tmp_path / "env")
    argv = unit.command_line(replace(step, argv=["sh", "-c", "echo $HOME"], environment={"TOKEN": "secret"}))
    assert argv[0] == "systemd-run"
    assert argv[-4:] == ["--", "sh", "-c", "echo $$HOME"]
    assert unit.name.startswith("slipway-build-opt-backend-")
    expected = {f"--unit={unit.name}", "--wait", "--pipe", f"--property=User={ME.pw_name}"}
    expected |= {"--property=KillMode=control-group", "--property=KillSignal=SIGKILL", "--property=RuntimeMaxSec=40"}
    expected |= {f"--property={line}" for line in sandboxed_build.RESTRICTIONS}
    assert expected <= set(argv)
    assert [word for word in argv if "ReadWritePaths" in word] == [f"--property=ReadWritePaths={tmp_path}"]
    assert "secret" not in " ".join(argv), "every account of the host can read a command line"


def test_two_directories_have_two_units(tmp_path: Path) -> None:
    names = {TransientUnit.for_directory(Path(path), tmp_path).name for path in ("/opt/a-b", "/opt/a/b", "/opt/a_b")}
    assert len(names) == 3


FAKE = """#!/bin/sh
echo "${0##*/} $*" >>"$CALLS"
case "$0 $*" in
    */systemd-run*) cat "$ENVIRONMENT" >"$CALLS.env"; stat -c %a "$ENVIRONMENT" >>"$CALLS.env"
        test -z "$SLOW" || exec sleep 60; echo built; exit 3 ;;
    *"systemctl show"*) echo "ActiveState=$STATE" ;;
esac
"""


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs in systemd's place that note how they are called."""
    for name in ("systemd-run", "systemctl"):
        (tmp_path / "bin" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(FAKE)
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("ENVIRONMENT", str(tmp_path / "build.env"))
    monkeypatch.setenv("STATE", "inactive")
    monkeypatch.setenv("SLOW", "")
    return tmp_path / "calls"


def calls(systemd: Path) -> list[str]:
    return [" ".join(line.split()[:2]) for line in systemd.read_text().splitlines()]


ENDING = ["systemctl stop", "systemctl show", "systemctl reset-failed"]


def test_what_a_step_has_started_is_ended_on_success_too(step: Step, systemd: Path, tmp_path: Path) -> None:
    unit = TransientUnit("build.service", tmp_path / "build.env")
    ended = unit.run(replace(step, environment={"PROXY": 'a"b\\c$d`e', "LANG": "C"}))
    assert (ended.code, ended.output) == (3, "built\n")
    assert calls(systemd) == ["systemd-run --quiet", *ENDING]
    variables = Path(f"{systemd}.env").read_text()
    assert variables == 'PROXY="a\\"b\\\\c\\$d\\`e"\nLANG="C"\n600\n'
    assert not (tmp_path / "build.env").exists()


def test_a_step_that_takes_too_long_is_ended(
    step: Step, systemd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLOW", "yes")
    with pytest.raises(LateError):
        TransientUnit("build.service", tmp_path / "build.env").run(replace(step, timeout=0.3))
    assert calls(systemd) == ["systemd-run --quiet", *ENDING, *ENDING]
    assert not (tmp_path / "build.env").exists()


def test_processes_that_cannot_be_ended_end_the_run(
    step: Step, systemd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE", "deactivating")
    with pytest.raises(ConfineError, match="systemctl status build.service"):
        TransientUnit("build.service", tmp_path / "build.env").run(step)
    assert "systemctl stop" in calls(systemd)


def test_a_plain_process_leaves_none_of_its_session(step: Step, tmp_path: Path) -> None:
    # What holds the output open would be waited for.
    script = f"sleep 60 >/dev/null 2>&1 & echo $! >{tmp_path}/pid"
    assert Processes().run(replace(step, argv=["sh", "-c", script])).code == 0
    left = Path("/proc", (tmp_path / "pid").read_text().strip(), "stat")
    deadline = time.monotonic() + 10
    # A zombie waits for its parent, which may not be one that looks.
    while left.exists() and left.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.01)
