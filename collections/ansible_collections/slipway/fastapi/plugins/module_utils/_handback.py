"""What the strategy blue_green has on a host whose service is to hold the port itself again."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.module_utils import _edge, _files
from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._release import COLOURS
from ansible_collections.slipway.fastapi.plugins.module_utils._systemd import Run, Systemd

UNITS = Path("/etc/systemd/system")


class Handback:
    """HAProxy and the two colours of one service, and how they give up the port."""

    def __init__(self, run: Run, top: Path, unit: str) -> None:
        self._map = top / _edge.MAP
        self._edge = Systemd(run, _edge.UNIT)
        self._colours = [Systemd(run, f"{unit}@{colour}") for colour in COLOURS]
        # The template is last: as long as it is there, a run that was ended in between is taken up again.
        self._paths = [
            *(top / colour for colour in COLOURS),
            self._map,
            UNITS / f"{unit}@.service.d",
            UNITS / f"{unit}@.service",
        ]

    def left(self) -> list[Path]:
        """What there is of it; HAProxy is another's where there is nothing."""
        return [path for path in self._paths if path.is_symlink() or path.exists()]

    def compare(self, difference: Difference) -> None:
        """Adds it to the difference of a host."""
        found = self.left()
        if found:
            edge = self._edge.show()
            state = [*(["runs"] if edge.running else []), *(["started at boot"] if edge.enabled else [])]
            difference.compare("HAProxy", ", ".join(state) or "stopped", "stopped")
        for path in found:
            difference.compare(str(path), "of the strategy blue_green", None)

    def refusal(self) -> str:
        """Why it must stay for now; empty if it need not."""
        if _edge.read_map(self._map).get("maintenance") != "on":
            return ""
        return (
            "maintenance is on, and without HAProxy nobody would answer for the service: end it first "
            "(make maintenance OFF), then run this again. What serves was left alone"
        )

    def free_the_port(self) -> None:
        """Ends HAProxy, for the next boot too, and both colours. Requests in progress are cut, as in every restart."""
        self._edge.disable()
        for unit in (self._edge, *self._colours):
            unit.stop()

    def remove(self) -> None:
        """Takes away what is left, when the service holds the port."""
        for path in self.left():
            if path.is_dir() and not path.is_symlink():
                _files.remove_tree(path)
            else:
                path.unlink()
