"""Removes what the strategy blue_green has made on a host, when the strategy restart takes its place."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._haproxy import haproxy
from ansible_collections.slipway.fastapi.plugins.module_utils._release.layout import SLOTS
from ansible_collections.slipway.fastapi.plugins.module_utils._system import files
from ansible_collections.slipway.fastapi.plugins.module_utils._system.systemd import RunCommand, Systemd

UNITS = Path("/etc/systemd/system")


class BlueGreenTeardown:
    """HAProxy and the two slots of one service, and how they give up the port."""

    def __init__(self, run: RunCommand, top: Path, unit: str) -> None:
        self._map = top / haproxy.MAP
        self._haproxy = Systemd(run, haproxy.UNIT)
        self._slots = [Systemd(run, f"{unit}@{slot}") for slot in SLOTS]
        # The template is last: while it exists, the next run continues a teardown that was ended in between.
        self._paths = [
            *(top / slot for slot in SLOTS),
            self._map,
            UNITS / f"{unit}@.service.d",
            UNITS / f"{unit}@.service",
        ]

    def leftovers(self) -> list[Path]:
        """What exists of it. Where nothing does, a HAProxy on this host belongs to somebody else."""
        return [path for path in self._paths if path.is_symlink() or path.exists()]

    def compare(self, difference: Difference) -> None:
        """Adds it to the difference of a host."""
        found = self.leftovers()
        if found:
            unit = self._haproxy.show()
            state = [*(["runs"] if unit.running else []), *(["started at boot"] if unit.enabled else [])]
            difference.compare("HAProxy", ", ".join(state) or "stopped", "stopped")
        for path in found:
            difference.compare(str(path), "of the strategy blue_green", None)

    def refusal(self) -> str:
        """Why it must stay for now, with what to do first; empty if it need not."""
        if haproxy.read_map(self._map).get("maintenance") != "on":
            return ""
        return (
            "maintenance is on, and without HAProxy no process would answer for the service: end it first "
            "(make maintenance OFF), then run this again. What serves was left alone"
        )

    def free_the_port(self) -> None:
        """Stops HAProxy, also for the next boot, and both slots. Requests in progress are cut, as in every restart."""
        self._haproxy.disable()
        for unit in (self._haproxy, *self._slots):
            unit.stop()

    def remove(self) -> None:
        """Removes what is left, once the service holds the port."""
        for path in self.leftovers():
            if path.is_dir() and not path.is_symlink():
                files.remove_tree(path)
            else:
                path.unlink()
