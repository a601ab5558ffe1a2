"""Programs of an application's own that a release runs at named points: what they are, and how they are run.

Only the standard library is used, and Python 3.9 is enough.
"""

from __future__ import annotations

import json
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.module_utils._release import manifest
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.journal import without_secrets
from ansible_collections.slipway.fastapi.plugins.module_utils._service import context
from ansible_collections.slipway.fastapi.plugins.module_utils._system import files, untrusted_json
from ansible_collections.slipway.fastapi.plugins.module_utils._system.systemd import RunCommand, Systemd, Unit

FOLDER = "hooks"
"""In the artifact, beside what it serves."""
NAMES = ("migrate", "before_switch", "after_switch")
ONCE = "migrate"
"""What has succeeded for a release is not run for it again."""
STOP_SECONDS = 10
"""How long a hook that is told to end may take before it is killed."""
JOURNAL_READ = 1000
"""Lines of the journal that are read to find those worth showing."""
_ENDED = {
    "timeout": "did not end within {timeout} s, and was ended",
    "signal": "was killed by a signal",
    "core-dump": "crashed",
    "oom-kill": "was killed, because the host had no memory left for it",
    "exit-code": "ended with {code}",
}
"""What systemd's results (systemd.exec(5), "$SERVICE_RESULT") mean for a person."""


class HookError(Exception):
    """A hook cannot be run, or did not succeed; the text says why and what to do."""


def find(release: Path, name: str) -> Path | None:
    """The release's hook, or None where it has none. Raises HookError for what cannot be one."""
    path = release / "code" / FOLDER / name
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(status.st_mode):
        raise HookError(f"{FOLDER}/{name} of the release is no file: make it a program, or give it another name")
    if not status.st_mode & stat.S_IXOTH:
        raise HookError(
            f"{FOLDER}/{name} of the release is not executable: chmod +x {FOLDER}/{name} (in a repository: "
            f"git update-index --chmod=+x {FOLDER}/{name}), then publish and release again"
        )
    return path


def succeeded(release: Path, name: str) -> str:
    """When the hook succeeded for this release on this host; empty if it need not be remembered, or did not."""
    try:
        marks = untrusted_json.loads((release / manifest.HOOKS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(marks.get(name) or "") if name == ONCE and isinstance(marks, dict) else ""


def remember(release: Path, name: str) -> None:
    """Note that a hook has succeeded, where that counts."""
    if name != ONCE:
        return
    mark = {name: f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"}
    files.write_file(release / manifest.HOOKS, (json.dumps(mark) + "\n").encode(), 0o644)
    files.flush_names(release)


def under_way(run: RunCommand, unit: str) -> list[str]:
    """The units of this application's hooks that have not ended: a run that was killed does not end what it started."""
    states = "active,activating,deactivating,reloading"
    listing = ["systemctl", "list-units", "--plain", "--no-legend", f"--state={states}", f"{unit}-{FOLDER[:-1]}-*"]
    return [line.split()[0] for line in run(listing)[1].splitlines() if line.strip()]


@dataclass(frozen=True)
class Job:
    """One run of one hook."""

    unit: str
    """The service's unit."""
    name: str
    program: Path
    directory: Path
    """The application's."""
    release: Path
    variables: Mapping[str, str]
    timeout: int
    """Seconds."""

    @property
    def transient(self) -> str:
        """Always the same, so that systemd lets it run once at a time."""
        return f"{self.unit}-{FOLDER[:-1]}-{self.name}.service"

    def command_line(self, surroundings: list[str]) -> list[str]:
        """The systemd-run command. It prints to the journal: a pipe would end the hook with the one who reads it."""
        options = ["--quiet", "--wait", "--service-type=exec", f"--unit={self.transient}"]
        own = (
            f"RuntimeMaxSec={self.timeout}",
            f"TimeoutStopSec={STOP_SECONDS}",
            f"SyslogIdentifier={self.unit}",
            # Of the service's process, which this is not.
            "UnsetEnvironment=SLIPWAY_DRAIN_FILE",
        )
        variables = [*context.python_of(self.release), *(f"{name}={text}" for name, text in self.variables.items())]
        return [
            *("systemd-run", *options, f"--description={FOLDER}/{self.name} of {self.unit}, {self.release.name}"),
            *(f"--property={line}" for line in (*surroundings, *own)),
            *(f"--setenv={variable}" for variable in variables),
            *("--", str(self.program)),
        ]


def surroundings(unit: str, directory: Path, release: Path) -> list[str]:
    """What surrounds the service, for a release that may not serve yet. Raises HookError."""
    template = context.unit_files(f"{unit}@")
    shown = template or context.unit_files(unit)
    if not shown:
        raise HookError(f"there is no {unit}.service on this host: run the role service first, which writes it")
    # Either of the two slots will do: only what is the release's own is kept.
    link = directory / (context.SLOTS[0] if template else "current")
    return context.of_release(context.settings(shown), link, release)


def run(job: Job, command: RunCommand, lines: int) -> None:
    """Run a hook to its end. Raises HookError with the end of what it printed, without any value of the `.env`.

    Args:
        job: what to run.
        command: runs a command.
        lines: how many lines of the journal an error shows.
    """
    systemd = Systemd(command, job.transient)
    command(["systemctl", "reset-failed", job.transient])
    argv = job.command_line(surroundings(job.unit, job.directory, job.release))
    patience = job.timeout + 2 * STOP_SECONDS
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        systemd.stop()
        raise HookError(f"{FOLDER}/{job.name} did not end within {patience} s, and was stopped") from None
    if done.returncode == 0:
        return
    unit = systemd.show()
    journal = systemd.journal([unit.invocation] if unit.invocation else [], JOURNAL_READ)
    command(["systemctl", "reset-failed", job.transient])
    environment = job.release / ".env"
    said = without_secrets(journal, environment.read_bytes() if environment.is_file() else b"")
    shown = "\n".join((said or done.stderr.strip()).splitlines()[-lines:])
    raise HookError(
        f"{FOLDER}/{job.name} of release {job.release.name} {outcome(unit, done.returncode, job.timeout)}. "
        f"The end of what it printed:\n{shown or '(nothing)'}"
    )


def outcome(unit: Unit, code: int, timeout: int) -> str:
    """How a hook ended that did not succeed."""
    return _ENDED.get(unit.result, "could not be run").format(code=code, timeout=timeout)
