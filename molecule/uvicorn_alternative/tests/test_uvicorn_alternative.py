"""The service under another name, account, address and port, on Debian 13."""

from __future__ import annotations

import json

from testinfra.host import Host


def test_it_answers_on_the_chosen_port(host: Host) -> None:
    answer = json.loads(host.check_output("curl --fail --silent --max-time 5 http://127.0.0.1:9000/health"))
    assert answer["status"] == "ok"
    assert host.file("/srv/shop/current").linked_to == f"/srv/shop/releases/{answer['release']}"


def test_it_listens_on_the_chosen_address_only(host: Host) -> None:
    assert host.socket("tcp://127.0.0.1:9000").is_listening
    assert not host.socket("tcp://0.0.0.0:9000").is_listening


def test_its_unit_bears_the_name_and_restricts_it(host: Host) -> None:
    service = host.service("shop")
    assert service.is_running
    assert service.is_enabled
    names = "User,ProtectSystem,CapabilityBoundingSet,TimeoutStopUSec"
    lines = host.check_output(f"systemctl show shop --property={names}").splitlines()
    assert dict(line.split("=", 1) for line in lines) == {
        "User": "shop",
        "ProtectSystem": "strict",
        "CapabilityBoundingSet": "",
        "TimeoutStopUSec": "15s",
    }


def test_no_unit_has_the_defaults_name(host: Host) -> None:
    assert not host.file("/etc/systemd/system/backend.service").exists
