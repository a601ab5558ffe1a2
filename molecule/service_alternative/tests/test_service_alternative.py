"""The service in two slots behind HAProxy, under another name, account and port, on Debian 13."""

from __future__ import annotations

import json
import re

import pytest
from testinfra.host import Host

URL = "http://127.0.0.1:9000"
#: 0 is a unit that can do nothing at all; one without any restriction is at 9.6.
MOST_EXPOSED = 2.0
#: Reads a stream of events that tell the time, and prints by how many seconds each is late.
LATE = """\
import time, urllib.request
with urllib.request.urlopen("http://127.0.0.1:9000/events", timeout=10) as stream:
    for line in stream:
        if line.startswith(b"data:"):
            print(time.time() - float(line[5:]))
"""


def active(host: Host) -> str:
    """The slot that the map names."""
    lines = host.file("/srv/shop/haproxy.map").content_string.splitlines()
    return str(dict(line.split() for line in lines)["active"])


@pytest.fixture
def slot(host: Host) -> str:
    return active(host)


@pytest.fixture
def properties(host: Host, slot: str) -> dict[str, str]:
    names = "User,ActiveState,MainPID,ProtectSystem,CapabilityBoundingSet,TimeoutStopUSec"
    lines = host.check_output(f"systemctl show shop@{slot} --property={names}").splitlines()
    return dict(line.split("=", 1) for line in lines)


def answer(host: Host, path: str = "/health") -> dict[str, str]:
    """What the service answers on the port, within a moment after a restart of anything."""
    command = f"curl --fail --silent --retry 20 --retry-delay 1 --retry-all-errors --max-time 30 {URL}{path}"
    return dict(json.loads(host.check_output(command)))


def test_it_answers_as_the_release_of_its_slot(host: Host, slot: str) -> None:
    found = answer(host)
    assert found["status"] == "ok"
    assert host.file(f"/srv/shop/{slot}").linked_to == f"/srv/shop/releases/{found['release']}"
    assert host.file("/srv/shop/current").linked_to == f"/srv/shop/releases/{found['release']}"


def test_only_the_slot_that_serves_runs(host: Host, slot: str, properties: dict[str, str]) -> None:
    assert properties["ActiveState"] == "active"
    other = {"blue": "green", "green": "blue"}[slot]
    assert host.check_output(f"systemctl show shop@{other} --property=ActiveState --value") == "inactive"


def test_its_socket_is_for_its_group_only(host: Host, slot: str) -> None:
    folder = host.file(f"/run/shop-{slot}")
    assert (folder.user, folder.group, oct(folder.mode)) == ("shop", "shop", "0o750")
    assert host.file(f"/run/shop-{slot}/app.sock").is_socket
    assert host.run(f"runuser -u nobody -- test -e /run/shop-{slot}/app.sock").rc != 0


def test_the_port_is_haproxys_and_no_other_is_open(host: Host) -> None:
    listeners = host.check_output("ss -Hltnp").splitlines()
    assert {re.sub(r'.*users:\(\("([^"]*)".*', r"\1", line) for line in listeners if ":9000 " in line} == {"haproxy"}
    assert not [line for line in listeners if "uvicorn" in line or "python" in line]


def test_its_unit_restricts_it(host: Host, slot: str, properties: dict[str, str]) -> None:
    assert {
        name: properties[name] for name in ("User", "ProtectSystem", "CapabilityBoundingSet", "TimeoutStopUSec")
    } == {
        "User": "shop",
        "ProtectSystem": "strict",
        "CapabilityBoundingSet": "",
        "TimeoutStopUSec": "15s",
    }
    said = host.run(f"systemd-analyze security --no-pager shop@{slot}").stdout
    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert exposure is not None, said
    assert float(exposure[1]) <= MOST_EXPOSED


def test_its_process_is_the_accounts_and_knows_where_it_is_told_to_drain(
    host: Host, slot: str, properties: dict[str, str]
) -> None:
    pid = properties["MainPID"]
    assert host.process.get(pid=int(pid)).user == "shop"
    environment = host.file(f"/proc/{pid}/environ").content_string.split("\0")
    assert f"SLIPWAY_DRAIN_FILE=/run/shop-{slot}/drain" in environment


def test_it_knows_its_client_and_believes_no_stranger(host: Host) -> None:
    forged = "-H 'X-Forwarded-For: 198.51.100.7' -H 'X-Forwarded-Proto: https'"
    found = json.loads(host.check_output(f"curl -sf --max-time 5 {forged} {URL}/client"))
    assert found == {"address": "127.0.0.1", "scheme": "http"}


def test_events_are_not_kept_back(host: Host) -> None:
    late = [float(line) for line in host.check_output("python3 -c %s", LATE).split()]
    assert len(late) == 5
    # They are sent 0.3 s apart: one that waits for the next would be late by that.
    assert max(late) < 0.25


def test_a_restart_of_haproxy_keeps_the_slot(host: Host, slot: str, properties: dict[str, str]) -> None:
    host.check_output("systemctl restart haproxy")
    assert answer(host)["status"] == "ok"
    assert active(host) == slot
    assert host.check_output(f"systemctl show shop@{slot} --property=MainPID --value") == properties["MainPID"]


def test_the_unit_stops_and_starts_the_slot_that_serves(host: Host, slot: str) -> None:
    host.check_output("systemctl stop shop")
    assert host.check_output("systemctl list-units --no-legend 'shop@*'") == ""
    assert host.run(f"curl --silent --fail --max-time 5 {URL}/health").rc == 22, "HAProxy says that it is not there"
    host.check_output("systemctl start shop")
    assert answer(host)["status"] == "ok"
    assert active(host) == slot


def test_both_start_with_the_system(host: Host) -> None:
    assert host.service("shop").is_enabled
    assert host.service("haproxy").is_enabled


def test_it_comes_back_after_a_crash(host: Host, slot: str, properties: dict[str, str]) -> None:
    host.check_output(f"systemctl kill --signal=KILL shop@{slot}")
    assert answer(host)["status"] == "ok"
    assert host.check_output(f"systemctl show shop@{slot} --property=MainPID --value") != properties["MainPID"]


def test_the_host_remembers_who_released_what(host: Host) -> None:
    lines = [json.loads(line) for line in host.file("/srv/shop/history.jsonl").content_string.splitlines()]
    assert {(line["action"], line["by"], line["release"]) for line in lines} == {
        ("rollback", "molecule", answer(host)["release"])
    }
    assert host.file("/srv/shop/.generation").content_string == "3\n"


def test_no_unit_has_the_defaults_name(host: Host) -> None:
    assert not host.check_output("ls /etc/systemd/system | grep backend || true")
