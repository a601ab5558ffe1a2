"""Runs the steps of a build as an account that is not trusted, and ends all that they have started.

A package's own code runs when it is built and whenever the interpreter of its environment starts (a `.pth` file). On a
host a step is therefore a transient unit of systemd, with the restrictions of the service and its own control group,
which no process leaves without rights that the account lacks. `Processes` is for where there is no systemd.

Only the standard library is used, and Python 3.9 is enough.
"""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ansible_collections.slipway.fastapi.plugins.module_utils._system import files

RESTRICTIONS = (
    "CapabilityBoundingSet=",
    "AmbientCapabilities=",
    "NoNewPrivileges=yes",
    "LockPersonality=yes",
    "MemoryDenyWriteExecute=yes",
    "PrivateDevices=yes",
    "PrivateIPC=yes",
    "PrivateMounts=yes",
    "PrivateTmp=yes",
    "PrivateUsers=yes",
    "ProcSubset=pid",
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHome=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectProc=invisible",
    "ProtectSystem=strict",
    "RemoveIPC=yes",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "SystemCallArchitectures=native",
    "SystemCallErrorNumber=EPERM",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged @resources",
)
"""Those of the service (roles/service/files/50-hardening.conf), but for its UMask: others may read an environment."""
END_SECONDS = 10
"""How long systemd looks for what has survived SIGKILL, such as a process that waits for a disk."""


class ConfineError(Exception):
    """What a step has started could not be ended; the text says so."""


class LateError(Exception):
    """A step took too long, and was ended."""


@dataclass(frozen=True)
class Account:
    """The unprivileged account that runs the steps, and later the service."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Step:
    """One command."""

    argv: Sequence[str]
    cwd: Path
    account: Account
    environment: Mapping[str, str]
    """All of it: nothing is inherited."""
    writable: Sequence[Path]
    """The directories that it may write in."""
    timeout: float
    """Seconds."""


@dataclass(frozen=True)
class Ended:
    """How a step ended by itself."""

    code: int
    output: str
    errors: str


class Confinement(Protocol):
    """How steps are run."""

    def run(self, step: Step) -> Ended:
        """Run a step to its end. Raises LateError after its timeout, ConfineError, or OSError."""

    def end(self) -> None:
        """End what an interrupted run may have left. Raises ConfineError."""


@dataclass(frozen=True)
class Processes:
    """Plain processes: for tests, and for a machine without systemd. A process that leaves its session is not ended."""

    keep_open: Sequence[int] = field(default_factory=tuple)
    """File descriptors that a step inherits: a lock stays held while a step outlives this process."""

    def run(self, step: Step) -> Ended:
        """Run a step as the account in a session of its own, whose processes are killed at its end."""
        # Changing to the account that one is already is refused to all but root.
        same = os.geteuid() == step.account.uid
        with subprocess.Popen(
            list(step.argv),
            cwd=step.cwd,
            env=dict(step.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            pass_fds=tuple(self.keep_open),
            start_new_session=True,
            umask=0o022,
            user=None if same else step.account.uid,
            group=None if same else step.account.gid,
            extra_groups=None if same else [],
        ) as process:
            try:
                output, errors = process.communicate(timeout=step.timeout)
            except BaseException as error:
                _kill_group(process.pid)
                process.communicate()
                if isinstance(error, subprocess.TimeoutExpired):
                    raise LateError from error
                raise
        _kill_group(process.pid)
        return Ended(process.returncode, output, errors)

    def end(self) -> None:
        """Nothing: the next run waits for the lock that a surviving step holds."""


@dataclass(frozen=True)
class TransientUnit:
    """A transient unit of systemd, which ends everything in its control group with its first process."""

    name: str
    """With its `.service`. Always the same for an application, so that the next run finds what this one has left."""
    environment_file: Path
    """Where a step's variables are put for systemd, which shows those on a command line to every account. In a
    directory that no other account can change."""

    @classmethod
    def for_directory(cls, directory: Path, environment_file: Path) -> TransientUnit:
        """The unit of an application's directory."""
        text = re.sub(r"[^A-Za-z0-9]+", "-", str(directory)).strip("-")
        digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:8]
        return cls(f"slipway-build-{text}-{digest}.service", environment_file)

    def run(self, step: Step) -> Ended:
        """Run a step as the account with the service's restrictions."""
        content = "".join(f"{name}={_quoted(text)}\n" for name, text in step.environment.items())
        files.write_file(self.environment_file, content.encode(), 0o600)
        try:
            with subprocess.Popen(
                self.command_line(step),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            ) as process:
                try:
                    output, errors = process.communicate(timeout=step.timeout)
                except BaseException as error:
                    process.kill()
                    # What still runs holds the pipes open.
                    self.end()
                    process.communicate()
                    if isinstance(error, subprocess.TimeoutExpired):
                        raise LateError from error
                    raise
            return Ended(process.returncode, output, errors)
        finally:
            self.end()
            self.environment_file.unlink()

    def end(self) -> None:
        """Kill every process in the unit, and make sure that systemd knows of none."""
        # Fails where there is no such unit any more, which is what is wanted.
        subprocess.run(["systemctl", "stop", self.name], capture_output=True, check=False)
        shown = subprocess.run(
            ["systemctl", "show", "--property=ActiveState", self.name], capture_output=True, text=True, check=False
        )
        subprocess.run(["systemctl", "reset-failed", self.name], capture_output=True, check=False)
        if shown.stdout.strip() not in ("ActiveState=inactive", "ActiveState=failed"):
            raise ConfineError(
                f"the processes of {self.name} could not be ended ({(shown.stderr or shown.stdout).strip()}): "
                f"see `systemctl status {self.name}`, and run again when they are gone"
            )

    def command_line(self, step: Step) -> list[str]:
        """The systemd-run command of a step."""
        own = (
            f"User={step.account.name}",
            f"WorkingDirectory={step.cwd}",
            f"EnvironmentFile={self.environment_file}",
            *(f"ReadWritePaths={path}" for path in step.writable),
            "UMask=0022",
            "KillMode=control-group",
            # At once: what is left when the command has ended has no more to do.
            "KillSignal=SIGKILL",
            f"TimeoutStopSec={END_SECONDS}",
            # For a run that is killed itself.
            f"RuntimeMaxSec={step.timeout + END_SECONDS:.0f}",
        )
        return [
            *("systemd-run", "--quiet", "--wait", "--pipe", "--collect", "--service-type=exec"),
            *(f"--unit={self.name}", "--description=a step of building a release"),
            *(f"--property={line}" for line in (*RESTRICTIONS, *own)),
            "--",
            # systemd would replace variables in them.
            *(word.replace("$", "$$") for word in step.argv),
        ]


def _quoted(text: str) -> str:
    """A value as systemd's EnvironmentFile= reads it back (systemd.exec(5))."""
    return '"' + re.sub(r'(["\\`$])', r"\\\1", text) + '"'


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
