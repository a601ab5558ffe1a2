"""`systemctl` and `journalctl` without a systemd: the units' processes are real, and are started again when they end.

The state is in the directory that FAKE_SYSTEMD names. `redirect_run` has modules ask here.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
LOAD, FAILED_LOAD = "loaded", "not-found"
READY_SECONDS = 10.0


@dataclass(frozen=True)
class Definition:
    """What systemd would find in a unit's file, and what only a test needs."""

    name: str
    """With its ending."""
    file: str
    command: list[str]
    """Without one it is a unit that only starts the `parts`, and stays active."""
    folder: str = "/"
    """Where the command is run."""
    variables: list[str] = field(default_factory=list)
    """Files with lines NAME=value."""
    environment: dict[str, str] = field(default_factory=dict)
    runtime: str = ""
    """A folder that the unit has while it is started."""
    ready: str = ""
    """What exists when a start is complete; empty if it is at once."""
    parts: list[str] = field(default_factory=list)
    """Units that are stopped with this one."""
    starts: str = ""
    """A file with a line `active COLOUR`: the part that is started with this one."""


def install(folder: Path, definitions: Iterable[Definition]) -> dict[str, str]:
    """Makes a manager of some units; returns the environment in which modules ask it."""
    folder.mkdir()
    for definition in definitions:
        (folder / f"{definition.name}.json").write_text(json.dumps({"definition": asdict(definition)}))
    path = os.pathsep.join((str(Path(__file__).with_name("redirect_run")), str(ROOT)))
    return {"FAKE_SYSTEMD": str(folder), "PYTHONPATH": path}


def service(top: Path, unit_file: Path) -> Definition:
    """The unit of a service that is restarted with each release."""
    current = top / "current"
    return Definition(
        name="backend.service",
        file=str(unit_file),
        command=[sys.executable, "-I", "main.py"],
        folder=str(current / "code"),
        variables=[str(current / name) for name in (".env", "release.env")],
    )


class Manager:
    """The manager of one unit, whose memory is a file."""

    def __init__(self, folder: Path, unit: str = "backend.service") -> None:
        self.folder, self.unit = folder, unit
        self._file = folder / f"{unit}.json"
        self.state: dict[str, Any] = json.loads(self._file.read_text())
        self.definition = Definition(**self.state["definition"])

    def save(self) -> None:
        self._file.write_text(json.dumps(self.state))

    @property
    def pid(self) -> int:
        pid = int(self.state.get("pid", 0))
        try:
            running = pid and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            running = False
        return pid if running else 0

    def start(self) -> None:
        self.state |= {"invocation": uuid.uuid4().hex, "started": time.clock_gettime(time.CLOCK_MONOTONIC)}
        if not self.definition.command:
            self._start_the_part()
            return
        variables = "".join(Path(name).read_text() for name in self.definition.variables)
        if self.definition.runtime:
            Path(self.definition.runtime).mkdir(parents=True, exist_ok=True)
        with (self.folder / f"log-{self.state['invocation']}").open("wb") as log:
            process = subprocess.Popen(
                self.definition.command,
                cwd=self.definition.folder,
                stdin=subprocess.DEVNULL,
                env={**self.definition.environment, **dict(line.split("=", 1) for line in variables.splitlines())},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.state["pid"] = process.pid
        deadline = time.monotonic() + READY_SECONDS
        while self.definition.ready and not Path(self.definition.ready).exists() and process.poll() is None:
            assert time.monotonic() < deadline, f"{self.unit} does not become ready"
            time.sleep(0.01)

    def _start_the_part(self) -> None:
        lines = Path(self.definition.starts).read_text().splitlines()
        colour = dict(line.split() for line in lines)["active"]
        part = Manager(self.folder, f"{self.unit.partition('.')[0]}@{colour}.service")
        if not part.pid:
            part.restart()
            part.save()

    def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self.pid:
            os.kill(self.pid, number)
        while self.pid:
            time.sleep(0.01)
        self.state["pid"] = 0
        if self.definition.runtime:
            shutil.rmtree(self.definition.runtime, ignore_errors=True)

    def stop(self) -> None:
        self.end()
        self.state["wanted"] = False
        for name in self.definition.parts:
            part = Manager(self.folder, name)
            part.stop()
            part.save()

    def restart(self) -> None:
        self.end()
        self.state |= {"restarts": 0, "wanted": True, "waiting": False, "read": True}
        self.start()

    def show(self) -> str:
        present = Path(self.definition.file).exists()
        active, sub = "inactive", "dead"
        if self.state.get("wanted"):
            active, sub = self._supervise()
        values = {
            "LoadState": LOAD if present and self.state.get("read") else FAILED_LOAD,
            "ActiveState": active,
            "SubState": sub,
            "Result": "exit-code" if sub == "auto-restart" else "success",
            "UnitFileState": "enabled" if self.state.get("enabled") else "disabled",
            "NeedDaemonReload": "no",
            "MainPID": self.pid,
            "NRestarts": self.state.get("restarts", 0),
            "InvocationID": self.state.get("invocation", ""),
            "ExecMainStartTimestampMonotonic": int(self.state.get("started", 0) * 1e6),
            "FragmentPath": self.definition.file if present else "",
            "DropInPaths": "",
        }
        return "".join(f"{name}={value}\n" for name, value in values.items())

    def _supervise(self) -> tuple[str, str]:
        """A process that has ended is shown so once, and started again at the next look."""
        if not self.definition.command:
            return "active", "exited"
        if self.pid:
            return "active", "running"
        if not self.state.get("waiting"):
            self.state["waiting"] = True
            return "activating", "auto-restart"
        self.state |= {"waiting": False, "restarts": self.state["restarts"] + 1}
        self.start()
        return "active", "running"

    def journal(self, matches: list[str]) -> str:
        invocations = [match.partition("=")[2] for match in matches if match.startswith("_SYSTEMD_INVOCATION_ID=")]
        return "".join((self.folder / f"log-{invocation}").read_text() for invocation in invocations)


def units(folder: Path) -> list[str]:
    """The names of all units."""
    return sorted(file.name.removesuffix(".json") for file in folder.glob("*.service.json"))


def kill_caller_at(folder: Path, *commands: str) -> None:
    """Kills the process that gives these commands, one after the other, when the last one comes."""
    (folder / "kill").write_text(json.dumps(commands))


def _kill_caller(folder: Path, command: str) -> None:
    file = folder / "kill"
    awaited = json.loads(file.read_text()) if file.exists() else []
    if not awaited or awaited[0] != command:
        return
    if len(awaited) > 1:
        file.write_text(json.dumps(awaited[1:]))
        return
    file.unlink()
    os.kill(os.getpid(), signal.SIGKILL)


def run(argv: list[str]) -> tuple[int, str, str]:
    """Does what the real command would, and returns its exit code, output and errors."""
    folder, output = Path(os.environ["FAKE_SYSTEMD"]), ""
    command, *arguments = argv
    if command == "journalctl":
        return 0, Manager(folder, units(folder)[0]).journal(arguments), ""
    action, unit = arguments[0], arguments[-1] if len(arguments) > 1 else ""
    label = f"{action} {unit}".strip()
    _kill_caller(folder, label)
    for name in [unit] if unit else units(folder):
        manager = Manager(folder, name)
        if action == "show":
            output = manager.show()
        elif action == "restart":
            manager.restart()
        elif action == "start":
            manager.state |= {"wanted": True}
            manager.start()
        elif action == "stop":
            manager.stop()
        elif action == "kill":
            manager.end(signal.SIGTERM)
            manager.state["wanted"] = False
        elif action == "reload":
            os.kill(manager.pid, signal.SIGHUP)
        elif action == "enable":
            manager.state["enabled"] = True
        elif action == "daemon-reload":
            manager.state["read"] = True
        manager.save()
    if action != "show":
        with (folder / "commands").open("a") as commands:
            commands.write(f"{label}\n")
    return 0, output, ""
