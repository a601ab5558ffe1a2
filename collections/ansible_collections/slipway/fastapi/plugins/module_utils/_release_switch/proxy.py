"""HAProxy as the strategy blue_green needs it: what it runs with, and how it comes to send requests to a slot."""

from __future__ import annotations

import time
from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.module_utils._haproxy import haproxy
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.blue_green_state import HaproxyState
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.process import newer_files
from ansible_collections.slipway.fastapi.plugins.module_utils._system import files
from ansible_collections.slipway.fastapi.plugins.module_utils._system.systemd import RunCommand, Systemd

START_TIMEOUT = 10
"""Seconds that HAProxy has to run with its configuration."""
PAUSE = 0.1
"""Seconds between two looks."""


class Proxy:
    """The HAProxy of one service, with its map on the disk and in memory."""

    def __init__(self, run: RunCommand, top: Path) -> None:
        self.map = top / haproxy.MAP
        self.systemd = Systemd(run, haproxy.UNIT)
        self.runtime = haproxy.Runtime()

    def observe(self) -> HaproxyState:
        """What it runs with, and which of its files have changed since."""
        unit = self.systemd.show()
        entries = self.runtime.entries(self.map) if unit.running else None
        outdated = newer_files(unit, [], time.time())
        if unit.running and unit.stale:
            outdated.append("systemd has not read its files again")
        if unit.running and not outdated and entries is not None and self._config_is_newer():
            outdated = [f"{haproxy.CONFIG} is newer than what runs"]
        if unit.running and not outdated and entries is not None and self._certificate_differs():
            outdated = [f"{haproxy.CERTIFICATE} is not what runs"]
        if unit.running and entries is None:
            outdated = outdated or ["it runs another configuration"]
        return HaproxyState(unit, (entries or {}).get("active"), outdated)

    def stored(self) -> str | None:
        """The slot in the map on the disk."""
        return haproxy.read_map(self.map).get("active")

    def loaded(self) -> str | None:
        """The slot in HAProxy's memory; None if it does not run, or runs without this map."""
        return (self.runtime.entries(self.map) or {}).get("active")

    def store(self, slot: str) -> None:
        """Writes the slot to the map on the disk, and leaves its other entries as they are."""
        entries = haproxy.read_map(self.map)
        if entries.get("active") != slot:
            haproxy.write_map(self.map, {"maintenance": "off", **entries, "active": slot})
            files.flush_names(self.map.parent)

    def load(self, slot: str) -> None:
        """Sets the slot in HAProxy's memory."""
        self.runtime.set(self.map, "active", slot)

    def serve(self, slot: str) -> None:
        """Has a HAProxy with the present configuration send requests to the slot that the map on the disk names.

        Raises:
            HaproxyError: it does not.
        """
        unit = self.systemd.show()
        if not unit.running or newer_files(unit, [], time.time()) or self.runtime.entries(self.map) is None:
            # The role's unit replaces the distribution's, which systemd does not notice by itself.
            self.systemd.reload()
            self.systemd.restart()
            self._wait(slot)
            return
        # Also before a reload: the worker that it replaces answers one more request of each connection.
        self.load(slot)
        if self._certificate_differs():
            self.runtime.renew(haproxy.CERTIFICATE)
        if self._config_is_newer() or self._certificate_differs():
            self.systemd.reload_service()
            self._wait(slot)

    def _wait(self, slot: str) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while self.loaded() != slot or self._config_is_newer() or self._certificate_differs():
            if time.monotonic() >= deadline:
                raise haproxy.HaproxyError(
                    f"HAProxy does not run with its configuration after {START_TIMEOUT} s: "
                    f"see `journalctl -u {haproxy.UNIT}`"
                )
            time.sleep(PAUSE)

    def _config_is_newer(self) -> bool:
        try:
            # HAProxy gives its start in whole seconds. A time in the future says nothing about the order.
            return self.runtime.started() + 1 <= haproxy.CONFIG.stat().st_mtime <= time.time()
        except (FileNotFoundError, haproxy.HaproxyError):
            return False

    def _certificate_differs(self) -> bool:
        stored = haproxy.fingerprint(haproxy.CERTIFICATE)
        return stored is not None and self.runtime.certificate(haproxy.CERTIFICATE) not in (None, stored)
