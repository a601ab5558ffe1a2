"""The interface of a strategy, and what both strategies share."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._lease.fence import Fence
from ansible_collections.slipway.fastapi.plugins.module_utils._release import manifest, release_log
from ansible_collections.slipway.fastapi.plugins.module_utils._release.layout import Layout
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.journal import (
    without_questions,
    without_secrets,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.links import set_links
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.process import newer_files
from ansible_collections.slipway.fastapi.plugins.module_utils._system import files
from ansible_collections.slipway.fastapi.plugins.module_utils._system.systemd import RunCommand, Systemd, Unit

LOCK_TIMEOUT = 60
"""Seconds to wait for another run on the same host."""
RUNNING_HEALTH_TIMEOUT = 5
"""Seconds in which a service that should need no restart must answer its health check."""
JOURNAL_READ = 1000
"""Lines of the journal that are read to find those worth showing."""

State = TypeVar("State")


class SwitchError(Exception):
    """The release does not serve, or must not be switched to. The text says what serves now and what to do."""

    def __init__(self, message: str, **facts: str) -> None:
        super().__init__(message)
        self.facts = facts
        """What the module returns with the message: `running` and `journal`."""


class Strategy(Protocol[State]):
    """A way to make a release the one that serves. Nothing but `apply` changes the host."""

    def observe(self) -> State:
        """The host as it is now."""

    def difference(self, state: State) -> Difference:
        """What separates the host from serving the release. It decides `changed` and is the diff."""

    def refusal(self, state: State, changed: bool) -> str:
        """Why the host must be left alone, with what to do first; empty if it need not. Not asked in check mode.

        Args:
            state: the host.
            changed: whether there is something to do.
        """

    def apply(self, state: State) -> None:
        """Makes the release the one that serves.

        Raises:
            SwitchError: it does not serve, and the release before does again.
            OSError: a file could not be written; `disk_failure` says what serves then.
        """

    def disk_failure(self, error: OSError, state: State) -> SwitchError:
        """Restores what can be restored after a file could not be written in `apply`, and says what serves."""

    def result(self, state: State) -> dict[str, Any]:
        """What the module returns, without `changed` and `diff`.

        Args:
            state: the host before anything was changed.
        """


@dataclass(frozen=True)
class Options:
    """The options of the module `release_switch`; its documentation says what they mean."""

    release: str
    unit: str
    address: str
    port: int
    health_path: str
    stream_path: str
    timeout: int
    drain: int
    redefined: bool
    action: str
    by: str
    journal_lines: int


class SwitchContext:
    """One run of the module on one host: its options, and the steps that both strategies need."""

    def __init__(self, top: Path, options: Options, generation: int, run: RunCommand, check_mode: bool) -> None:
        self.options = options
        self.layout = Layout(top)
        self.fence = Fence(top, generation)
        self.run = run
        self.check_mode = check_mode
        self._invocations: list[str] = []

    @property
    def release(self) -> str:
        return self.options.release

    def not_prepared(self) -> str:
        """What to do if the release is not on this host; empty if it is."""
        if self.layout.release(self.release).is_dir():
            return ""
        return f"release {self.release} is not on this host: prepare it first (slipway.fastapi.release)"

    def outdated(self, unit: Unit) -> list[str]:
        """A sentence for everything that defines the unit's process and has changed since it started."""
        release = self.layout.release(self.release)
        found = newer_files(unit, [release / manifest.NAME], time.time())
        if self.options.redefined and not found:
            found.append("the unit's files change")
        if self.check_mode and release.is_dir():
            # Outside check mode the release was repaired before this module runs.
            found += [f"the release is damaged: {damage}" for damage in manifest.damage(release)]
        return found

    def link(self, links: Mapping[str, str | None]) -> None:
        """Sets links in the application's directory."""
        set_links(self.layout.top, links)

    def note(self, before: str | None, **more: str) -> None:
        """Writes down that a switch has begun, so that the next run knows if this one does not end."""
        note = {"from": before or "", "to": self.release, **more}
        files.write_file(self.layout.switching, json.dumps(note).encode(), 0o600)
        files.flush_names(self.layout.top)

    def finish(self) -> None:
        """Removes the note, and what is left of releases that were rebuilt while they ran."""
        self.layout.switching.unlink(missing_ok=True)
        for path in self.layout.leftovers("damaged"):
            files.remove_tree(path)

    def record(self, previous: str | None, seconds: float) -> None:
        """Adds the switch to the host's history."""
        release_log.append(
            self.layout.history,
            release=self.release,
            previous=previous or "",
            action=self.options.action,
            by=self.options.by,
            seconds=round(seconds, 1),
        )

    def forget_starts(self) -> None:
        """Begins the list of starts whose journal is shown anew."""
        self._invocations.clear()

    def show(self, systemd: Systemd) -> Unit:
        """The unit as it is; its start is remembered for the journal."""
        unit = systemd.show()
        if unit.invocation and unit.invocation not in self._invocations:
            self._invocations.append(unit.invocation)
        return unit

    def journal(self, systemd: Systemd) -> str:
        """The end of the journal of the starts that `show` has seen, without the values of the release's `.env`."""
        environment = self.layout.release(self.release) / ".env"
        text = systemd.journal(self._invocations, JOURNAL_READ)
        text = without_questions(text, self.options.health_path)
        text = without_secrets(text, environment.read_bytes() if environment.is_file() else b"")
        return "\n".join(text.splitlines()[-self.options.journal_lines :])
