"""Taking two colours and HAProxy away from a service that holds the port itself again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._haproxy import haproxy
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch import teardown
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.teardown import BlueGreenTeardown


class Host:
    """A host on which two colours have served, with a recorder in the place of systemd."""

    def __init__(self, folder: Path) -> None:
        self.top, self.units = folder / "app", folder / "units"
        (self.top / "releases").mkdir(parents=True)
        (self.units / "backend@.service.d").mkdir(parents=True)
        (self.units / "backend@.service.d" / "50-hardening.conf").touch()
        (self.units / "backend@.service").touch()
        (self.units / "backend.service").touch()
        (self.top / "green").symlink_to("releases/gone")
        self.maintain("off")
        self.commands: list[str] = []
        self.haproxy = "ActiveState=active\nMainPID=7\nUnitFileState=enabled\n"

    def maintain(self, state: str) -> None:
        haproxy.write_map(self.top / haproxy.MAP, {"active": "green", "maintenance": state})

    def systemctl(self, command: list[str]) -> tuple[int, str, str]:
        if command[1] == "show":
            return 0, self.haproxy, ""
        self.commands.append(" ".join(command[1:]))
        return 0, "", ""

    def teardown(self) -> BlueGreenTeardown:
        return BlueGreenTeardown(self.systemctl, self.top, "backend")

    def diff(self) -> str:
        difference = Difference()
        self.teardown().compare(difference)
        assert difference.changed == bool(self.teardown().leftovers())
        return difference.as_diff()["before"]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setattr(teardown, "UNITS", tmp_path / "units")
    return Host(tmp_path)


def test_all_of_it_is_told(host: Host) -> None:
    told = host.diff()
    assert told.startswith("HAProxy: runs, started at boot\n") or "\nHAProxy: runs, started at boot\n" in told
    for path in (host.top / "green", host.top / "haproxy.map", host.units / "backend@.service"):
        assert f"{path}: of the strategy blue_green\n" in told


def test_haproxy_does_not_come_back_and_ends_before_the_colours(host: Host) -> None:
    host.teardown().free_the_port()
    assert host.commands[0] == "disable --quiet haproxy.service"
    stops = [command for command in host.commands if command.startswith("stop")]
    assert stops == ["stop haproxy.service", "stop backend@blue.service", "stop backend@green.service"]


def test_what_is_taken_away_leaves_the_service_and_its_releases(host: Host) -> None:
    host.teardown().remove()
    assert [path.name for path in host.top.iterdir()] == ["releases"]
    assert [path.name for path in host.units.iterdir()] == ["backend.service"]
    assert host.diff() == ""


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda host: (host.top / "green").unlink(), id="after the links"),
        pytest.param(lambda host: (host.top / haproxy.MAP).unlink(), id="after the map"),
    ],
)
def test_one_that_ended_in_between_is_taken_up_again(host: Host, end: Callable[[Host], None]) -> None:
    end(host)
    host.haproxy = "ActiveState=inactive\nMainPID=0\nUnitFileState=disabled\n"
    assert "HAProxy" not in host.diff()
    host.teardown().remove()
    assert host.teardown().leftovers() == []


def test_where_two_colours_never_served_a_haproxy_is_somebody_elses(host: Host) -> None:
    host.teardown().remove()
    host.commands.clear()
    assert host.diff() == ""
    assert host.teardown().refusal() == ""
    assert host.commands == []


def test_maintenance_keeps_it(host: Host) -> None:
    assert host.teardown().refusal() == ""
    host.maintain("on")
    assert "make maintenance OFF" in host.teardown().refusal()
