"""Answering in the place of a service: what is written, what HAProxy is told, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._haproxy import haproxy
from ansible_collections.slipway.fastapi.plugins.module_utils._haproxy.haproxy import HaproxyError
from ansible_collections.slipway.fastapi.plugins.modules import maintenance

from tests.unit.plugins.running import Runner


class Failed(Exception):  # noqa: N818  it is what the module would end with
    """The module's failure."""


class Module:
    """The parts of AnsibleModule that are used."""

    def __init__(self, folder: Path, state: str, check: bool) -> None:
        self.params = {"dir": str(folder), "state": state}
        self.check_mode = check

    def fail_json(self, msg: str) -> None:
        raise Failed(msg)


class HAProxy:
    """One that runs with the map, or does not."""

    def __init__(self, entries: dict[str, str] | None) -> None:
        self.held = entries
        self.refuses = False

    def entries(self, path: Path) -> dict[str, str] | None:
        assert path.name == haproxy.MAP
        return dict(self.held) if self.held else None

    def set(self, path: Path, key: str, value: str) -> None:
        # What a crash after this would leave is on the disk already.
        assert haproxy.read_map(path)[key] == value
        if self.refuses:
            raise HaproxyError("HAProxy still has maintenance off")
        assert self.held is not None
        self.held[key] = value


class Host:
    """A host with a map."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.map = folder / haproxy.MAP
        self.haproxy = HAProxy({"active": "green", "maintenance": "off"})
        haproxy.write_map(self.map, {"active": "green", "maintenance": "off"})

    def run(self, state: str, *, check: bool = False) -> dict[str, Any]:
        module: Any = Module(self.folder, state, check)
        runtime: Any = self.haproxy
        return maintenance.run(module, runtime)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_check_run_and_again_for_both_ways(host: Host) -> None:
    for state, before in (("on", "off"), ("off", "on")):
        predicted = host.run(state, check=True)
        assert haproxy.read_map(host.map)["maintenance"] == before, "a check changes nothing"
        done = host.run(state)
        assert predicted == done
        assert done["changed"] is done["running"] is True
        assert done["diff"]["after"] == f"HAProxy: {state}\non the disk: {state}\n"
        assert host.haproxy.held == haproxy.read_map(host.map) == {"active": "green", "maintenance": state}
        assert host.run(state)["changed"] is host.run(state, check=True)["changed"] is False


def test_haproxy_is_told_where_only_the_disk_knows(host: Host) -> None:
    host.haproxy.refuses = True
    with pytest.raises(HaproxyError):
        host.run("on")
    host.haproxy.refuses = False
    assert host.run("on", check=True)["diff"]["after"] == "HAProxy: on\n"
    assert host.run("on")["changed"] is True
    assert host.haproxy.held == {"active": "green", "maintenance": "on"}


def test_a_haproxy_that_does_not_run_takes_it_up_at_its_start(host: Host) -> None:
    host.haproxy.held = None
    done = host.run("on")
    assert (done["changed"], done["running"]) == (True, False)
    assert haproxy.read_map(host.map) == {"active": "green", "maintenance": "on"}


def test_without_haproxy_there_is_nobody_to_answer(host: Host) -> None:
    host.map.unlink()
    with pytest.raises(Failed, match=r"no HAProxy that could answer.*slipway_release_strategy"):
        host.run("on")


def test_a_host_with_files_has_nothing_to_answer_for(host: Host) -> None:
    host.map.unlink()
    release = "a" * 12 + "-" + "0" * 8
    (host.folder / "releases" / release).mkdir(parents=True)
    (host.folder / "current").symlink_to(f"releases/{release}")
    assert host.run("on") == {"changed": False, "state": "none", "running": False}
    (host.folder / "venv").symlink_to("current/venv")
    with pytest.raises(Failed):
        host.run("on")


def test_a_word_that_is_none_of_the_two_is_refused(tmp_path: Path) -> None:
    message = Runner("maintenance", {"dir": str(tmp_path)}).fail(state="perhaps")
    assert "must be one of: on, off" in message
