"""The running release with the strategy `restart`, under another name, account, port and Python, on Debian 13."""

from __future__ import annotations

import json

import pytest
from testinfra.host import Host


@pytest.fixture
def properties(host: Host) -> dict[str, str]:
    names = "User,NoNewPrivileges,ProtectSystem,PrivateTmp,CapabilityBoundingSet,MainPID,UnitFileState,DropInPaths"
    lines = host.check_output(f"systemctl show shop --property={names}").splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_the_answer_names_the_current_release(host: Host) -> None:
    answer = json.loads(host.check_output("curl --fail --silent --max-time 5 http://127.0.0.1:9000/health"))
    assert answer["status"] == "ok"
    assert host.file("/srv/shop/current").linked_to == f"/srv/shop/releases/{answer['release']}"


def test_the_service_listens_on_its_address(host: Host) -> None:
    assert host.socket("tcp://127.0.0.1:9000").is_listening


def test_the_process_runs_as_the_account(host: Host, properties: dict[str, str]) -> None:
    process = host.process.get(pid=int(properties["MainPID"]))
    assert process.user == "shop"
    assert "slipway_serve.py main:app" in process.args


def test_the_service_starts_at_boot(host: Host) -> None:
    service = host.service("shop")
    assert service.is_running
    assert service.is_enabled


def test_the_unit_has_the_restrictions(properties: dict[str, str]) -> None:
    assert properties["User"] == "shop"
    assert properties["NoNewPrivileges"] == "yes"
    assert properties["ProtectSystem"] == "strict"
    assert properties["PrivateTmp"] == "yes"
    assert properties["CapabilityBoundingSet"] == ""
    assert properties["DropInPaths"].endswith("50-hardening.conf")


def test_the_process_has_the_restrictions(host: Host, properties: dict[str, str]) -> None:
    status = host.file(f"/proc/{properties['MainPID']}/status").content_string
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"
    assert int(fields["CapEff"], 16) == 0


def test_the_service_comes_back_after_a_crash(host: Host, properties: dict[str, str]) -> None:
    host.check_output("systemctl kill --signal=KILL shop")
    answer = (
        "curl --fail --silent --retry 20 --retry-delay 1 --retry-all-errors --max-time 40 http://127.0.0.1:9000/health"
    )
    assert json.loads(host.check_output(answer))["status"] == "ok"
    assert host.check_output("systemctl show shop --property=MainPID --value") != properties["MainPID"]


def test_the_host_keeps_who_released_what(host: Host) -> None:
    lines = [json.loads(line) for line in host.file("/srv/shop/history.jsonl").content_string.splitlines()]
    release = host.file("/srv/shop/current").linked_to.rsplit("/", 1)[1]
    assert {(line["action"], line["by"], line["release"]) for line in lines} == {("release", "molecule", release)}
    assert host.file("/srv/shop/.generation").content_string == "3\n"


def test_no_unit_has_the_default_name(host: Host) -> None:
    assert not host.check_output("ls /etc/systemd/system | grep backend || true")


def test_nothing_is_made_at_the_default_path(host: Host) -> None:
    assert not host.file("/opt/backend").exists
