"""A service changes its strategy and changes back. HTTPS works, and its certificate is renewed."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.certificates import sandbox_authority
from tests.integration.world import SETTINGS, World, require

CLIENT = Path(__file__).parent / "haproxy" / "steady.py"
CLIENTS = 10
STATES = "systemctl is-active haproxy backend backend@blue backend@green || true"
SERIAL = "openssl s_client -connect 127.0.0.1:443 </dev/null 2>/dev/null | openssl x509 -noout -serial"


def play(
    world: World, strategy: str, certificate: Path | None = None, *, prepared: bool = False
) -> subprocess.CompletedProcess[str]:
    given = {"strategy": strategy, "certificate": str(certificate or ""), "prepared": prepared}
    return world.play("strategy.yml", "-e", json.dumps(given))


def changed(done: subprocess.CompletedProcess[str]) -> int:
    """The number of changed tasks of a run. If the run failed, the test fails with its output."""
    return int(re.findall(r"^host .*changed=(\d+)", require(done), re.MULTILINE)[-1])


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two valid files, and one with the certificate of the first and the key of the second."""
    folder = tmp_path_factory.mktemp("certificates")
    (first, one), (second, two) = (sandbox_authority(SETTINGS).issue(["api.tavily.com"]) for _ in range(2))
    files = []
    for name, content in (("first", first + one), ("second", second + two), ("wrong", first + two)):
        files.append(folder / f"{name}.pem")
        files[-1].write_bytes(content)
    return files


@pytest.fixture(scope="module")
def two_slots(world: World, certificates: list[Path]) -> Iterator[World]:
    """The host with HAProxy in front of its service. At the end the service holds the port itself again."""
    require(play(world, "blue_green", certificates[0]))
    yield world
    if world.shell("ls /opt/backend/haproxy.map 2>/dev/null || true"):
        require(play(world, "restart"))


def reboot(world: World) -> None:
    """Start everything as at boot: at the same time, by the units that are on the disk."""
    world.shell("systemctl stop backend haproxy; systemctl daemon-reload")
    # systemd reports a job that another unit cancels as a failure.
    world.shell("systemctl start $(systemctl is-enabled --quiet haproxy && echo haproxy) backend || true")
    world.shell("curl -sS --retry 20 --retry-all-errors --retry-delay 1 http://127.0.0.1:8000/health")


@pytest.fixture
def one_process(world: World) -> Iterator[World]:
    """The host with a service that holds the port itself."""
    require(play(world, "restart"))
    yield world
    require(play(world, "restart"))


def test_a_reboot_before_the_first_slot_release_serves_the_previous_one(one_process: World) -> None:
    release = one_process.shell("readlink /opt/backend/current")
    assert changed(play(one_process, "blue_green", prepared=True)) > 0
    reboot(one_process)
    assert one_process.shell(STATES).split() == ["active", "active", "active", "inactive"]
    assert one_process.shell("readlink /opt/backend/blue; readlink /opt/backend/current") == release * 2
    require(play(one_process, "blue_green"))
    assert changed(play(one_process, "blue_green")) == 0


def test_port_and_https_lead_to_the_slot_that_serves(two_slots: World) -> None:
    assert two_slots.shell(STATES).split() == ["active", "active", "active", "inactive"]
    plain = json.loads(two_slots.shell("curl -sS http://127.0.0.1:8000/client"))
    assert plain == {"address": "127.0.0.1", "scheme": "http"}
    secure = json.loads(two_slots.shell("curl -sSk https://127.0.0.1/client"))
    assert secure == {"address": "127.0.0.1", "scheme": "https"}


def test_a_certificate_is_renewed_without_a_lost_request_or_a_closed_connection(
    two_slots: World, certificates: list[Path]
) -> None:
    before, workers = two_slots.shell(SERIAL), two_slots.shell("pgrep haproxy")
    two_slots.shell("rm -f /run/steady.stop")
    start = f"cat >/run/steady.py <<'SCRIPT'\n{CLIENT.read_text(encoding='utf-8')}\nSCRIPT\n"
    start += "systemd-run --quiet --unit=steady --property=StandardOutput=file:/run/steady.json "
    two_slots.shell(f"{start} python3 /run/steady.py {CLIENTS} /run/steady.stop")
    done = play(two_slots, "blue_green", certificates[1])
    assert changed(done) == 2, "the file and what HAProxy has in memory"
    assert "PRIVATE KEY" not in done.stdout
    two_slots.shell("touch /run/steady.stop; while systemctl is-active --quiet steady; do sleep 0.2; done")
    found = json.loads(two_slots.shell("cat /run/steady.json"))
    assert found["answered"] > 0
    assert (found.get("lost", 0), found["connections"]) == (0, CLIENTS)
    assert two_slots.shell(SERIAL) != before
    assert two_slots.shell("pgrep haproxy") == workers
    assert changed(play(two_slots, "blue_green", certificates[1])) == 0


def test_a_key_of_another_certificate_is_refused_before_anything_changes(
    two_slots: World, certificates: list[Path]
) -> None:
    look = f"{SERIAL}; sha256sum /etc/haproxy/*.*"
    before = two_slots.shell(look)
    done = play(two_slots, "blue_green", certificates[2])
    assert done.returncode != 0
    assert "has a key that is not that of its certificate" in done.stdout
    assert two_slots.shell(look) == before


def test_a_reboot_during_the_change_to_restart_serves_the_previous_release(
    two_slots: World, certificates: list[Path]
) -> None:
    assert changed(play(two_slots, "restart", prepared=True)) > 0
    reboot(two_slots)
    assert two_slots.shell(STATES).split()[:2] == ["inactive", "active"]
    require(play(two_slots, "blue_green", certificates[0]))
    assert two_slots.shell(STATES).split()[:2] == ["active", "active"]


def test_the_service_holds_the_port_after_a_change_to_restart(two_slots: World) -> None:
    assert changed(play(two_slots, "restart")) > 0
    assert two_slots.shell(STATES).split() == ["inactive", "active", "inactive", "inactive"]
    assert two_slots.shell("systemctl is-enabled haproxy || true").strip() == "disabled"
    assert json.loads(two_slots.shell("curl -sS http://127.0.0.1:8000/client"))["scheme"] == "http"
    left = set(two_slots.shell("ls -d /opt/backend/* /etc/systemd/system/backend* | xargs -n1 basename").split())
    assert left.isdisjoint({"blue", "green", "haproxy.map", "backend@.service", "backend@.service.d"})
    assert changed(play(two_slots, "restart")) == 0
