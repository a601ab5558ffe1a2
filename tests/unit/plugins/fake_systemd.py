"""`systemctl` and `journalctl` for one unit, without a systemd: its process is real, and is started again when it ends.

The state is in the directory that FAKE_SYSTEMD names. It is a program and a library: `install` puts both on a PATH.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

LOAD, FAILED_LOAD = "loaded", "not-found"


def install(folder: Path, top: Path, unit_file: Path) -> dict[str, str]:
    """Makes the commands for an application's directory; returns the environment in which they are found."""
    commands, state = folder / "bin", folder / "state"
    commands.mkdir(parents=True)
    state.mkdir()
    for name in ("systemctl", "journalctl"):
        path = commands / name
        path.write_text(f'#!/bin/sh\nexec {sys.executable} -I {__file__} {name} "$@"\n')
        path.chmod(0o755)
    (state / "state.json").write_text(json.dumps({"top": str(top), "file": str(unit_file)}))
    return {"PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "FAKE_SYSTEMD": str(state)}


class Manager:
    """The unit's manager, whose memory is a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state: dict[str, Any] = json.loads((folder / "state.json").read_text())

    def save(self) -> None:
        (self.folder / "state.json").write_text(json.dumps(self.state))

    def note(self, command: str) -> None:
        with (self.folder / "commands").open("a") as commands:
            commands.write(f"{command}\n")

    @property
    def pid(self) -> int:
        pid = int(self.state.get("pid", 0))
        try:
            running = pid and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            running = False
        return pid if running else 0

    def start(self) -> None:
        current = Path(self.state["top"], "current")
        invocation = uuid.uuid4().hex
        variables = "".join((current / name).read_text() for name in (".env", "release.env"))
        with (self.folder / f"log-{invocation}").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-I", "main.py"],
                cwd=current / "code",
                env=dict(line.split("=", 1) for line in variables.splitlines()),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.state |= {
            "pid": process.pid,
            "invocation": invocation,
            "started": time.clock_gettime(time.CLOCK_MONOTONIC),
        }

    def stop(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
        while self.pid:
            time.sleep(0.01)
        self.state["pid"] = 0

    def restart(self) -> None:
        self.stop()
        self.state |= {"restarts": 0, "wanted": True, "waiting": False}
        self.start()

    def show(self) -> str:
        present = Path(self.state["file"]).exists()
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
            "FragmentPath": self.state["file"] if present else "",
            "DropInPaths": "",
        }
        return "".join(f"{name}={value}\n" for name, value in values.items())

    def _supervise(self) -> tuple[str, str]:
        """A process that has ended is shown so once, and started again at the next look."""
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


def main(command: str, *arguments: str) -> int:
    """Does what the real command would."""
    manager = Manager(Path(os.environ["FAKE_SYSTEMD"]))
    if command == "journalctl":
        print(manager.journal(list(arguments)), end="")
        return 0
    action = arguments[0]
    if action == "show":
        print(manager.show(), end="")
    elif action == "restart":
        manager.restart()
    elif action == "stop":
        manager.stop()
        manager.state["wanted"] = False
    elif action == "enable":
        manager.state["enabled"] = True
    elif action == "daemon-reload":
        manager.state["read"] = True
    if action != "show":
        manager.note(action)
    manager.save()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
