"""The running release, in one of two slots behind HAProxy."""

from __future__ import annotations

import json
import re

import pytest
from testinfra.host import Host

URL = "http://127.0.0.1:8000"
#: 0 is a unit that can do nothing at all; one without any restriction is at 9.6.
MOST_EXPOSED = 2.0
#: Reads a stream of events that tell the time, and prints by how many seconds each is late.
LATE = """\
import time, urllib.request
with urllib.request.urlopen("http://127.0.0.1:8000/events", timeout=10) as stream:
    for line in stream:
        if line.startswith(b"data:"):
            print(time.time() - float(line[5:]))
"""


def active(host: Host) -> str:
    """The slot that the map names."""
    lines = host.file("/opt/backend/haproxy.map").content_string.splitlines()
    return str(dict(line.split() for line in lines)["active"])


@pytest.fixture
def slot(host: Host) -> str:
    return active(host)


@pytest.fixture
def properties(host: Host, slot: str) -> dict[str, str]:
    names = "User,ActiveState,MainPID,ProtectSystem,CapabilityBoundingSet,TimeoutStopUSec"
    lines = host.check_output(f"systemctl show backend@{slot} --property={names}").splitlines()
    return dict(line.split("=", 1) for line in lines)


def answer(host: Host, path: str = "/health") -> dict[str, str]:
    """The answer of the service on the port, soon after a restart."""
    command = f"curl --fail --silent --retry 20 --retry-delay 1 --retry-all-errors --max-time 30 {URL}{path}"
    return dict(json.loads(host.check_output(command)))


def test_the_answer_names_the_release_of_the_slot(host: Host, slot: str) -> None:
    found = answer(host)
    assert found["status"] == "ok"
    assert host.file(f"/opt/backend/{slot}").linked_to == f"/opt/backend/releases/{found['release']}"
    assert host.file("/opt/backend/current").linked_to == f"/opt/backend/releases/{found['release']}"


def test_only_the_serving_slot_runs(host: Host, slot: str, properties: dict[str, str]) -> None:
    assert properties["ActiveState"] == "active"
    other = {"blue": "green", "green": "blue"}[slot]
    assert host.check_output(f"systemctl show backend@{other} --property=ActiveState --value") == "inactive"


def test_only_its_group_reaches_the_socket(host: Host, slot: str) -> None:
    folder = host.file(f"/run/backend-{slot}")
    assert (folder.user, folder.group, oct(folder.mode)) == ("backend", "backend", "0o750")
    assert host.file(f"/run/backend-{slot}/app.sock").is_socket
    assert host.run(f"runuser -u nobody -- test -e /run/backend-{slot}/app.sock").rc != 0


def test_only_haproxy_listens(host: Host) -> None:
    listeners = host.check_output("ss -Hltnp").splitlines()
    assert {re.sub(r'.*users:\(\("([^"]*)".*', r"\1", line) for line in listeners if ":8000 " in line} == {"haproxy"}
    assert not [line for line in listeners if "uvicorn" in line or "python" in line]


def test_the_unit_has_the_restrictions(host: Host, slot: str, properties: dict[str, str]) -> None:
    assert {
        name: properties[name] for name in ("User", "ProtectSystem", "CapabilityBoundingSet", "TimeoutStopUSec")
    } == {
        "User": "backend",
        "ProtectSystem": "strict",
        "CapabilityBoundingSet": "",
        "TimeoutStopUSec": "35s",
    }
    said = host.run(f"systemd-analyze security --no-pager backend@{slot}").stdout
    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert exposure is not None, said
    assert float(exposure[1]) <= MOST_EXPOSED


def test_the_process_runs_as_the_account_and_knows_its_drain_file(
    host: Host, slot: str, properties: dict[str, str]
) -> None:
    pid = properties["MainPID"]
    assert host.process.get(pid=int(pid)).user == "backend"
    environment = host.file(f"/proc/{pid}/environ").content_string.split("\0")
    assert f"SLIPWAY_DRAIN_FILE=/run/backend-{slot}/drain" in environment


def test_the_service_sees_the_client_and_ignores_forged_headers(host: Host) -> None:
    forged = "-H 'X-Forwarded-For: 198.51.100.7' -H 'X-Forwarded-Proto: https'"
    found = json.loads(host.check_output(f"curl -sf --max-time 5 {forged} {URL}/client"))
    assert found == {"address": "127.0.0.1", "scheme": "http"}


def test_events_are_not_buffered(host: Host) -> None:
    late = [float(line) for line in host.check_output("python3 -c %s", LATE).split()]
    assert len(late) == 5
    # They are sent 0.3 s apart: one that waits for the next would be late by that.
    assert max(late) < 0.25


def test_the_slot_serves_after_a_restart_of_haproxy(host: Host, slot: str, properties: dict[str, str]) -> None:
    host.check_output("systemctl restart haproxy")
    assert answer(host)["status"] == "ok"
    assert active(host) == slot
    assert host.check_output(f"systemctl show backend@{slot} --property=MainPID --value") == properties["MainPID"]


def test_the_plain_unit_stops_and_starts_the_serving_slot(host: Host, slot: str) -> None:
    host.check_output("systemctl stop backend")
    assert host.check_output("systemctl list-units --no-legend 'backend@*'") == ""
    assert host.run(f"curl --silent --fail --max-time 5 {URL}/health").rc == 22, "HAProxy says that it is not there"
    host.check_output("systemctl start backend")
    assert answer(host)["status"] == "ok"
    assert active(host) == slot


def test_both_units_start_at_boot(host: Host) -> None:
    assert host.service("backend").is_enabled
    assert host.service("haproxy").is_enabled


def test_the_service_comes_back_after_a_crash(host: Host, slot: str, properties: dict[str, str]) -> None:
    host.check_output(f"systemctl kill --signal=KILL backend@{slot}")
    assert answer(host)["status"] == "ok"
    assert host.check_output(f"systemctl show backend@{slot} --property=MainPID --value") != properties["MainPID"]
