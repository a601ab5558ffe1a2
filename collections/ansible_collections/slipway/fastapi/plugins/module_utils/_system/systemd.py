"""What systemd says of a unit, and the few things that are asked of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

RunCommand = Callable[[list[str]], tuple[int, str, str]]
"""Runs a command: exit code, output, errors. `AnsibleModule.run_command` is one."""

PROPERTIES = (
    "LoadState",
    "ActiveState",
    "SubState",
    "Result",
    "ConditionResult",
    "UnitFileState",
    "NeedDaemonReload",
    "MainPID",
    "NRestarts",
    "InvocationID",
    "ExecMainStartTimestampMonotonic",
    "FragmentPath",
    "DropInPaths",
)


class SystemdError(Exception):
    """systemd did not do what it was asked."""


@dataclass(frozen=True)
class Unit:
    """The state of a unit at one moment."""

    load: str
    """loaded, not-found, bad-setting, masked, …"""
    active: str
    """active, activating, inactive, failed, …"""
    sub: str = ""
    result: str = ""
    """success, exit-code, signal, oom-kill, …: how it ended last."""
    enabled: bool = False
    stale: bool = False
    """Whether its files are newer than what systemd has read."""
    pid: int = 0
    restarts: int = 0
    """How often systemd has started it again by itself since somebody started it."""
    invocation: str = ""
    """The identifier of this run of it, which its lines in the journal bear."""
    started: float | None = None
    """Seconds since the epoch at which its process began."""
    files: tuple[Path, ...] = ()
    """The unit's file and its drop-ins."""

    @property
    def running(self) -> bool:
        return self.active == "active" and self.pid > 0


def parse(text: str, now: float, monotonic: float) -> Unit:
    """Reads the lines of `systemctl show`.

    Args:
        text: a line NAME=value for each of PROPERTIES; those that this systemd does not know are missing.
        now: seconds since the epoch.
        monotonic: the monotonic clock's seconds at the same moment, from which systemd's own moments are counted.
    """
    values: dict[str, str] = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    moment = int(values.get("ExecMainStartTimestampMonotonic") or 0)
    names = [values.get("FragmentPath", ""), *values.get("DropInPaths", "").split()]
    return Unit(
        load=values.get("LoadState", ""),
        active=values.get("ActiveState", ""),
        sub=values.get("SubState", ""),
        result=values.get("Result", "") if values.get("ConditionResult") != "no" else "condition",
        enabled=values.get("UnitFileState") == "enabled",
        stale=values.get("NeedDaemonReload") == "yes",
        pid=int(values.get("MainPID") or 0),
        restarts=int(values.get("NRestarts") or 0),
        invocation=values.get("InvocationID", ""),
        started=now - (monotonic - moment / 1e6) if moment else None,
        files=tuple(Path(name) for name in names if name),
    )


class Systemd:
    """The system's manager, for one unit."""

    def __init__(self, run: RunCommand, unit: str) -> None:
        self._run = run
        self.unit = unit if "." in unit else f"{unit}.service"

    def show(self) -> Unit:
        """The unit as it is; one that does not exist is `not-found`."""
        output = self._systemctl("show", "--property", ",".join(PROPERTIES), self.unit)
        return parse(output, time.time(), time.clock_gettime(time.CLOCK_MONOTONIC))

    def reload(self) -> None:
        """Has systemd read all unit files again."""
        self._systemctl("daemon-reload")

    def enable(self) -> None:
        """Has the unit started at boot."""
        self._systemctl("enable", "--quiet", self.unit)

    def disable(self) -> None:
        """Has the unit not started at boot."""
        self._systemctl("disable", "--quiet", self.unit)

    def restart(self) -> None:
        """Starts the unit afresh. A process that dies at once is no error here: its state tells.

        The counter of failed starts begins anew, so that a person who tries often is not refused.
        """
        self._run(["systemctl", "reset-failed", self.unit])
        self._run(["systemctl", "restart", self.unit])

    def start(self) -> None:
        """Starts the unit if it does not run; those that are part of it are not restarted."""
        self._run(["systemctl", "reset-failed", self.unit])
        self._systemctl("start", self.unit)

    def terminate(self) -> None:
        """Asks the unit's processes to end, and touches nothing that is part of it. They may take their time."""
        self._systemctl("kill", "--signal", "SIGTERM", self.unit)

    def reload_service(self) -> None:
        """Has the service itself read its configuration again."""
        self._systemctl("reload", self.unit)

    def stop(self) -> None:
        """Stops the unit and forgets that it failed."""
        self._systemctl("stop", self.unit)
        self._run(["systemctl", "reset-failed", self.unit])

    def journal(self, invocations: list[str], lines: int) -> str:
        """The last lines of the journal about some runs of the unit: what they printed and what systemd said."""
        self._run(["journalctl", "--sync"])
        matches: list[str] = []
        for invocation in invocations:
            matches += [
                *(["+"] if matches else []),
                f"_SYSTEMD_INVOCATION_ID={invocation}",
                "+",
                f"INVOCATION_ID={invocation}",
            ]
        if not matches:
            return ""
        _, output, _ = self._run(
            ["journalctl", "--quiet", "--no-pager", "--output", "cat", "--lines", str(lines), *matches]
        )
        return output.strip()

    def _systemctl(self, *arguments: str) -> str:
        code, output, errors = self._run(["systemctl", *arguments])
        if code != 0:
            raise SystemdError(f"systemctl {' '.join(arguments)} failed: {(errors or output).strip()}")
        return output
