"""What systemd says is read, and what it is asked is asked in the right order."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._system.systemd import Systemd, SystemdError, Unit, parse

RUNNING = """\
LoadState=loaded
ActiveState=active
SubState=running
Result=success
ConditionResult=yes
UnitFileState=enabled
NeedDaemonReload=no
MainPID=5219
NRestarts=1
InvocationID=6f8b0c5d6b0f4e0f9a3c
ExecMainStartTimestampMonotonic=90000000
FragmentPath=/etc/systemd/system/backend.service
DropInPaths=/etc/systemd/system/backend.service.d/50-hardening.conf /etc/systemd/system/backend.service.d/60-local.conf
"""
MISSING = """\
LoadState=not-found
ActiveState=inactive
SubState=dead
Result=success
ConditionResult=no
UnitFileState=
NeedDaemonReload=no
MainPID=0
NRestarts=0
InvocationID=
ExecMainStartTimestampMonotonic=0
FragmentPath=
DropInPaths=
"""


def test_a_running_unit_is_read() -> None:
    unit = parse(RUNNING, now=1000.0, monotonic=100.0)
    folder = Path("/etc/systemd/system")
    assert unit == Unit(
        load="loaded",
        active="active",
        sub="running",
        result="success",
        enabled=True,
        pid=5219,
        restarts=1,
        invocation="6f8b0c5d6b0f4e0f9a3c",
        started=990.0,
        files=(
            folder / "backend.service",
            folder / "backend.service.d/50-hardening.conf",
            folder / "backend.service.d/60-local.conf",
        ),
    )
    assert unit.running


def test_a_missing_unit_is_read() -> None:
    unit = parse(MISSING, now=1000.0, monotonic=100.0)
    assert (unit.load, unit.running, unit.enabled, unit.started, unit.files) == ("not-found", False, False, None, ())


def test_properties_that_an_older_systemd_does_not_know_are_no_obstacle() -> None:
    assert parse("LoadState=loaded\nActiveState=failed\n", 0, 0).active == "failed"


def test_a_condition_that_is_not_met_is_a_reason() -> None:
    assert parse(RUNNING.replace("ConditionResult=yes", "ConditionResult=no"), 0, 0).result == "condition"


class Commands:
    """Notes each command, and answers those that are known."""

    def __init__(self, **answers: tuple[int, str, str]) -> None:
        self.answers = answers
        self.run: list[str] = []

    def __call__(self, argv: list[str]) -> tuple[int, str, str]:
        self.run.append(" ".join(argv))
        return self.answers.get(argv[1].replace("-", "_"), (0, "", ""))


def test_a_unit_is_asked_for_by_its_whole_name() -> None:
    commands = Commands(show=(0, RUNNING, ""))
    assert Systemd(commands, "backend").show().pid == 5219
    assert commands.run[0].endswith(" backend.service")
    assert Systemd(commands, "app@blue.service").unit == "app@blue.service"


def test_a_start_that_fails_is_no_error_and_forgets_earlier_ones() -> None:
    commands = Commands(restart=(1, "", "Job failed"), reset_failed=(1, "", "not loaded"))
    Systemd(commands, "backend").restart()
    assert commands.run == ["systemctl reset-failed backend.service", "systemctl restart backend.service"]


def test_what_runs_is_not_started_again() -> None:
    commands = Commands()
    Systemd(commands, "backend").start()
    assert commands.run == ["systemctl reset-failed backend.service", "systemctl start backend.service"]


def test_what_is_stopped_has_not_failed_afterwards() -> None:
    commands = Commands()
    Systemd(commands, "backend@blue").stop()
    assert commands.run == ["systemctl stop backend@blue.service", "systemctl reset-failed backend@blue.service"]


def test_a_signal_is_for_the_unit_alone() -> None:
    commands = Commands()
    Systemd(commands, "backend").terminate()
    Systemd(commands, "haproxy").reload_service()
    assert commands.run == ["systemctl kill --signal SIGTERM backend.service", "systemctl reload haproxy.service"]


@pytest.mark.parametrize("action", ["show", "reload", "enable", "stop", "start", "terminate", "reload_service"])
def test_what_systemd_refuses_is_an_error(action: str) -> None:
    refused = (1, "", "Access denied")
    asked = ("show", "daemon_reload", "enable", "stop", "start", "kill", "reload")
    commands = Commands(**dict.fromkeys(asked, refused))
    with pytest.raises(SystemdError, match="Access denied"):
        getattr(Systemd(commands, "backend"), action)()


def test_the_journal_is_that_of_the_given_runs() -> None:
    commands = Commands(**{"__quiet": (0, "one\ntwo\n", "")})
    assert Systemd(commands, "backend").journal(["a1", "b2"], 40) == "one\ntwo"
    assert commands.run == [
        "journalctl --sync",
        "journalctl --quiet --no-pager --output cat --lines 40 "
        "_SYSTEMD_INVOCATION_ID=a1 + INVOCATION_ID=a1 + _SYSTEMD_INVOCATION_ID=b2 + INVOCATION_ID=b2",
    ]


def test_without_a_run_there_is_no_journal() -> None:
    # Without a match journalctl would print everybody's.
    commands = Commands()
    assert Systemd(commands, "backend").journal([], 40) == ""
    assert commands.run == ["journalctl --sync"]
