"""One unit with the strategy `restart`, under another name, account and port."""

from __future__ import annotations

from testinfra.host import Host


def test_the_unit_listens_on_the_port_itself(host: Host) -> None:
    command = host.check_output("systemctl show shop --property=ExecStart --value")
    assert "slipway_serve.py" in command
    assert "--host 127.0.0.1 --port 9000" in command


def test_it_has_the_restrictions_and_the_account(host: Host) -> None:
    names = "User,ProtectSystem,TimeoutStopUSec,DropInPaths"
    lines = host.check_output(f"systemctl show shop --property={names}").splitlines()
    assert dict(line.split("=", 1) for line in lines) == {
        "User": "shop",
        "ProtectSystem": "strict",
        "TimeoutStopUSec": "15s",
        "DropInPaths": "/etc/systemd/system/shop.service.d/50-hardening.conf",
    }


def test_there_are_no_slots(host: Host) -> None:
    assert not host.file("/etc/systemd/system/shop@.service").exists


def test_no_unit_has_the_default_name(host: Host) -> None:
    assert not host.check_output("ls /etc/systemd/system | grep backend || true")
