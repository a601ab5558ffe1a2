"""The strategy blue_green: a release starts in the idle slot, and HAProxy sends it the requests once it is healthy."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from typing import Any

from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._haproxy import drain
from ansible_collections.slipway.fastapi.plugins.module_utils._release.layout import SLOTS
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.blue_green_state import (
    BlueGreenState,
    SlotState,
    active_slot,
    compare,
    other,
    previous_for,
    reasons,
    target_slot,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.links import links_for, read_links
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.process import release_of
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.proxy import PAUSE, Proxy
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.strategy import (
    LOCK_TIMEOUT,
    RUNNING_HEALTH_TIMEOUT,
    SwitchContext,
    SwitchError,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._service import health
from ansible_collections.slipway.fastapi.plugins.module_utils._system import disk, files, sockets
from ansible_collections.slipway.fastapi.plugins.module_utils._system.systemd import Systemd, SystemdError


class BlueGreen:
    """Replaces the slot that serves by the other one, without losing a request."""

    def __init__(self, context: SwitchContext) -> None:
        self.context = context
        self.release = context.release
        self.layout = context.layout
        name = context.options.unit
        self.boot = Systemd(context.run, name)
        self.units = {slot: Systemd(context.run, f"{name}@{slot}") for slot in SLOTS}
        self.proxy = Proxy(context.run, self.layout.top)
        self.seconds: dict[str, float] = {}
        self.cut = 0

    # Observe and compare.

    def observe(self) -> BlueGreenState:
        layout, note = self.layout, self.layout.interrupted()
        slots, haproxy = {slot: self._slot(slot) for slot in SLOTS}, self.proxy.observe()
        stored = self.proxy.stored()
        active = active_slot(stored, haproxy.active, {name: slot.unit.running for name, slot in slots.items()})
        before = note.get("from", "")
        state = BlueGreenState(
            active=active,
            stored=stored,
            slots=slots,
            haproxy=haproxy,
            boot=self.boot.show(),
            links=read_links(layout.top),
            accepted=layout.linked(active or "current"),
            interrupted_from=before if before and layout.release(before).is_dir() else None,
            phase=note.get("phase", "") or ("start" if note else ""),
            leftovers=layout.leftovers("damaged"),
        )
        if active is None or reasons(state, self.release):
            return state
        return dataclasses.replace(state, complaint=self._await_health(active, RUNNING_HEALTH_TIMEOUT).reason)

    def _slot(self, slot: str) -> SlotState:
        unit = self.units[slot].show()
        return SlotState(
            linked=files.read_link(self.layout.top / slot),
            unit=unit,
            serving=release_of(unit.pid),
            outdated=self.context.outdated(unit),
        )

    def difference(self, state: BlueGreenState) -> Difference:
        return compare(state, self.release)

    def refusal(self, state: BlueGreenState, changed: bool) -> str:  # noqa: ARG002 - also without a change
        missing = self.context.not_prepared()
        if missing:
            return missing
        haproxy, port = state.haproxy.unit, self.context.options.port
        if haproxy.load == "not-found" or not self.proxy.map.is_file():
            return "HAProxy is not set up on this host: run the role haproxy first"
        # A service that has held the port itself until now releases it in `apply`.
        own = [pid for unit in (haproxy, state.boot) if unit.running for pid in sockets.family(unit.pid)]
        holder = sockets.holder(port)
        if holder and holder.pid not in own:
            return (
                f"the port {port} is held by {holder.name} (process {holder.pid}), so HAProxy "
                "cannot have it: stop that process, or give one of the two another port (backend_port of the blueprint)"
            )
        return ""

    def result(self, state: BlueGreenState) -> dict[str, Any]:
        return {
            "release": self.release,
            "previous": (previous_for(state, self.release) or "").rpartition("/")[2],
            "slot": target_slot(state, self.release),
            "reasons": reasons(state, self.release),
            "seconds": self.seconds,
            "cut": self.cut,
        }

    # Apply.

    def apply(self, state: BlueGreenState) -> None:
        began = time.monotonic()
        why, target = reasons(state, self.release), target_slot(state, self.release)
        self._read_units(state)
        if why:
            self._start(state, target)
        self.context.link(links_for(self.release))
        self._serve(target)
        # Only now: a run that ends before this line has nothing else to go back to than the run before it.
        self.context.link({"previous": previous_for(state, self.release)})
        if why:
            self.seconds["switch"] = round(time.monotonic() - began - self.seconds["gate"], 2)
        self._retire(other(target))
        self._enable(state)
        self.context.finish()
        if why:
            self.context.record(state.accepted, time.monotonic() - began)
        elif state.phase == "switch" and state.interrupted_from not in (None, self.release):
            # The interrupted run has switched, but has not recorded it.
            self.context.record(state.interrupted_from, time.monotonic() - began)

    def _read_units(self, state: BlueGreenState) -> None:
        units = [state.slots[slot].unit for slot in SLOTS]
        if (
            state.haproxy.unit.stale
            or any(unit.stale for unit in (state.boot, *units))
            or any(unit.load == "not-found" for unit in (state.boot, *units))
        ):
            self.boot.reload()

    def _start(self, state: BlueGreenState, idle: str) -> None:
        """Starts the release in the idle slot, and returns when it has passed its health check."""
        began = time.monotonic()
        if state.active and state.haproxy.active == idle:
            # A run ended between the disk and HAProxy: the slot that is stopped next still has the requests.
            self.proxy.load(state.active)
        # What an interrupted run has left in the slot may still have streams.
        self._retire(idle)
        self.context.note(state.accepted, phase="start")
        self.context.link({idle: f"releases/{self.release}"})
        self.context.forget_starts()
        self.units[idle].restart()
        verdict = self._await_health(idle, self.context.options.timeout)
        if not verdict.healthy:
            self._give_up(state, idle, verdict.reason)
        # A release that has overtaken this one in the meantime must find nothing changed by it.
        self.context.fence.check()
        self.seconds["gate"] = round(time.monotonic() - began, 2)
        self.context.note(state.accepted, phase="switch")

    def _give_up(self, state: BlueGreenState, idle: str, reason: str) -> None:
        """Stops the release in the idle slot, and raises SwitchError with its journal."""
        journal = self.context.journal(self.boot)
        self.units[idle].stop()
        self.context.link({idle: None})
        self.layout.switching.unlink(missing_ok=True)
        # A service that holds the port itself serves too, until the first release in a slot is healthy.
        serves = state.boot.running or (state.active is not None and state.slots[state.active].unit.running)
        running = (state.accepted or "") if serves else ""
        outcome = f"Release {running} serves as before" if running else "Nothing served before it, and nothing does now"
        raise SwitchError(
            f"release {self.release} does not serve: {reason}. {outcome}. "
            f"The end of its journal:\n{journal or '(empty)'}",
            running=running,
            journal=journal,
        )

    def _serve(self, slot: str) -> None:
        """Sends every request to a slot from now on. The disk comes first: it is what holds after a crash."""
        self.proxy.store(slot)
        self._free_the_port()
        self.proxy.serve(slot)

    def _free_the_port(self) -> None:
        """Ends a service that has held the port itself. Its unit is not stopped: that would stop its slots too."""
        if not self.boot.show().running:
            return
        self.boot.terminate()
        deadline = time.monotonic() + self.context.options.drain + LOCK_TIMEOUT
        while self.boot.show().running:
            if time.monotonic() >= deadline:
                raise SystemdError(
                    f"{self.boot.unit} does not end: see `systemctl status {self.boot.unit}`, and run again"
                )
            time.sleep(PAUSE)

    def _retire(self, slot: str) -> None:
        """Waits until a slot has ended its requests and streams, at most for the drain time, and stops it."""
        unit = self.units[slot].show()
        if unit.active in ("inactive", ""):
            return
        if unit.running:
            began = time.monotonic()
            options = self.context.options
            self.cut += drain.wait(drain.folder_of(options.unit, slot), options.drain)
            self.seconds["drain"] = round(time.monotonic() - began, 2)
        self.units[slot].stop()

    def _enable(self, state: BlueGreenState) -> None:
        for unit, was in ((self.proxy.systemd, state.haproxy.unit), (self.boot, self.boot.show())):
            if not was.enabled:
                unit.enable()
        if self.boot.show().active != "active":
            self.boot.start()

    def disk_failure(self, error: OSError, state: BlueGreenState) -> SwitchError:  # noqa: ARG002 - it is observed anew
        stored = self.proxy.stored()
        active = self.proxy.loaded() or stored
        serving = release_of(self.units[active].show().pid) if active in SLOTS else None
        if active in SLOTS and active == stored and serving != self.release:
            # The release has not switched yet. If its slot cannot be stopped now, the next run stops it.
            with contextlib.suppress(SystemdError):
                self.units[other(active)].stop()
        serves = f"Release {serving} serves." if serving else "No release serves in a slot."
        return SwitchError(disk.message(error, serves), running=serving or "")

    def _await_health(self, slot: str, timeout: float) -> health.Verdict:
        options = self.context.options
        socket = drain.folder_of(options.unit, slot) / drain.SOCKET
        service = health.SocketService(socket, options.health_path, options.stream_path)
        return health.wait(service, self.release, timeout, lambda: self.context.show(self.units[slot]))
