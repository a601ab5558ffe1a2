"""The strategy restart: the unit holds the port itself, and is restarted with each release."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.links import links_for, read_links
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.process import release_of
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.restart_state import (
    RestartState,
    compare,
    previous_for,
    restart_reasons,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.strategy import (
    RUNNING_HEALTH_TIMEOUT,
    SwitchContext,
    SwitchError,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.teardown import BlueGreenTeardown
from ansible_collections.slipway.fastapi.plugins.module_utils._service import health
from ansible_collections.slipway.fastapi.plugins.module_utils._system import disk
from ansible_collections.slipway.fastapi.plugins.module_utils._system.systemd import Systemd


class Restart:
    """Restarts one unit, and the release before when the new one is not healthy."""

    def __init__(self, context: SwitchContext) -> None:
        self.context = context
        self.release = context.release
        self.layout = context.layout
        options = context.options
        self.systemd = Systemd(context.run, options.unit)
        self.teardown = BlueGreenTeardown(context.run, self.layout.top, options.unit)
        address = f"[{options.address}]" if ":" in options.address else options.address
        self.service = health.PortService(f"http://{address}:{options.port}{options.health_path}")

    def observe(self) -> RestartState:
        layout, note = self.layout, self.layout.interrupted()
        unit = self.systemd.show()
        accepted = note["from"] if note else layout.linked("current")
        state = RestartState(
            links=read_links(layout.top),
            accepted=accepted if accepted and layout.release(accepted).is_dir() else None,
            interrupted=bool(note),
            unit=unit,
            serving=release_of(unit.pid),
            outdated=self.context.outdated(unit),
            leftovers=layout.leftovers("damaged"),
        )
        if restart_reasons(state, self.release):
            return state
        return dataclasses.replace(state, complaint=self._wait(self.release, RUNNING_HEALTH_TIMEOUT).reason)

    def difference(self, state: RestartState) -> Difference:
        difference = compare(state, self.release)
        self.teardown.compare(difference)
        return difference

    def refusal(self, state: RestartState, changed: bool) -> str:  # noqa: ARG002 - the state is the interface's
        return (self.teardown.refusal() or self.context.not_prepared()) if changed else ""

    def apply(self, state: RestartState) -> None:
        began = time.monotonic()
        restart = bool(restart_reasons(state, self.release))
        if not state.unit.enabled or state.unit.stale or state.unit.load == "not-found":
            self._load_unit()
        if self.teardown.leftovers():
            self.teardown.free_the_port()
        if restart:
            self._start(state)
        else:
            self.context.link(links_for(self.release))
        self.context.link({"previous": previous_for(state, self.release)})
        self.context.finish()
        if self.teardown.leftovers():
            self.teardown.remove()
            self.systemd.reload()
        if restart:
            self.context.record(state.accepted, time.monotonic() - began)

    def disk_failure(self, error: OSError, state: RestartState) -> SwitchError:
        serving = release_of(self.systemd.show().pid)
        wanted = links_for(serving) if serving else state.links
        stuck = []
        for link, target in wanted.items():
            try:
                self.context.link({link: target})
            except OSError:
                stuck.append(link)
        serves = f"Release {serving} runs" if serving else "No release runs"
        links = (
            f", and of its links {', '.join(stuck)} could not be put back."
            if stuck
            else ", and its links are in place."
        )
        return SwitchError(disk.message(error, serves + links), running=serving or "")

    def result(self, state: RestartState) -> dict[str, Any]:
        return {
            "release": self.release,
            "previous": (previous_for(state, self.release) or "").rpartition("/")[2],
            "reasons": restart_reasons(state, self.release),
        }

    def _load_unit(self) -> None:
        self.systemd.reload()
        unit = self.systemd.show()
        if unit.load != "loaded":
            raise SwitchError(
                f"systemd cannot use the unit {self.systemd.unit} ({unit.load}): "
                f"run the role service, which writes it, and see `systemctl status {self.systemd.unit}`"
            )
        if not unit.enabled:
            self.systemd.enable()

    def _start(self, state: RestartState) -> None:
        self.context.note(state.accepted)
        verdict = self._serve(self.release)
        if not verdict.healthy:
            self._go_back(state, verdict.reason)

    def _serve(self, release: str) -> health.Verdict:
        self.context.forget_starts()
        self.context.link(links_for(release))
        self.systemd.restart()
        return self._wait(release, self.context.options.timeout)

    def _go_back(self, state: RestartState, reason: str) -> None:
        """Restarts the release before, and raises SwitchError with the journal of the one that failed."""
        journal = self.context.journal(self.systemd)
        back = state.accepted if state.accepted != self.release else None
        running = back or ""
        if back:
            verdict = self._serve(back)
            outcome = f"Release {back} is back and healthy"
            if not verdict.healthy:
                outcome = f"Release {back} is back, but is not healthy either: {verdict.reason}"
        elif state.accepted:
            running = self.release
            outcome = "It was the current release already, and stays so"
        else:
            self.systemd.stop()
            self.context.link(links_for(None))
            outcome = "There was no release before it, so the unit is stopped and no release is current"
        self.layout.switching.unlink(missing_ok=True)
        raise SwitchError(
            f"release {self.release} does not serve: {reason}. {outcome}. "
            f"The end of its journal:\n{journal or '(empty)'}",
            running=running,
            journal=journal,
        )

    def _wait(self, release: str, timeout: float) -> health.Verdict:
        return health.wait(self.service, release, timeout, lambda: self.context.show(self.systemd))
