"""The running service, as a client and as the system's administrator see it."""

from __future__ import annotations

import json

import pytest
from testinfra.host import Host


@pytest.fixture
def properties(host: Host) -> dict[str, str]:
    names = "User,NoNewPrivileges,ProtectSystem,PrivateTmp,CapabilityBoundingSet,MainPID,UnitFileState,DropInPaths"
    lines = host.check_output(f"systemctl show backend --property={names}").splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_it_answers_as_the_current_release(host: Host) -> None:
    answer = json.loads(host.check_output("curl --fail --silent --max-time 5 http://127.0.0.1:8000/health"))
    assert answer["status"] == "ok"
    assert host.file("/opt/backend/current").linked_to == f"/opt/backend/releases/{answer['release']}"


def test_it_listens_on_every_address(host: Host) -> None:
    assert host.socket("tcp://0.0.0.0:8000").is_listening


def test_its_process_is_the_accounts(host: Host, properties: dict[str, str]) -> None:
    process = host.process.get(pid=int(properties["MainPID"]))
    assert process.user == "backend"
    assert "slipway_serve.py main:app" in process.args


def test_it_starts_with_the_system(host: Host) -> None:
    service = host.service("backend")
    assert service.is_running
    assert service.is_enabled


def test_its_unit_restricts_it(properties: dict[str, str]) -> None:
    assert properties["User"] == "backend"
    assert properties["NoNewPrivileges"] == "yes"
    assert properties["ProtectSystem"] == "strict"
    assert properties["PrivateTmp"] == "yes"
    assert properties["CapabilityBoundingSet"] == ""
    assert properties["DropInPaths"].endswith("50-hardening.conf")


def test_the_restrictions_hold_in_its_process(host: Host, properties: dict[str, str]) -> None:
    status = host.file(f"/proc/{properties['MainPID']}/status").content_string
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"
    assert int(fields["CapEff"], 16) == 0


def test_it_comes_back_after_a_crash(host: Host, properties: dict[str, str]) -> None:
    host.check_output("systemctl kill --signal=KILL backend")
    answer = (
        "curl --fail --silent --retry 20 --retry-delay 1 --retry-all-errors --max-time 40 http://127.0.0.1:8000/health"
    )
    assert json.loads(host.check_output(answer))["status"] == "ok"
    assert host.check_output("systemctl show backend --property=MainPID --value") != properties["MainPID"]
