"""The units of both slots, before anything is released."""

from __future__ import annotations

from testinfra.host import Host

HARDENING = "/etc/systemd/system/backend@.service.d/50-hardening.conf"


def test_systemd_accepts_the_units(host: Host) -> None:
    done = host.run("systemd-analyze verify backend@blue.service backend.service")
    assert "50-hardening.conf" not in done.stderr
    assert "Unknown" not in done.stderr


def test_a_slot_has_the_restrictions(host: Host) -> None:
    names = "User,ProtectSystem,NoNewPrivileges,PrivateTmp,CapabilityBoundingSet,DropInPaths"
    lines = host.check_output(f"systemctl show backend@blue --property={names}").splitlines()
    properties = dict(line.split("=", 1) for line in lines)
    assert properties == {
        "User": "backend",
        "ProtectSystem": "strict",
        "NoNewPrivileges": "yes",
        "PrivateTmp": "yes",
        "CapabilityBoundingSet": "",
        "DropInPaths": HARDENING,
    }


def test_only_root_can_change_what_starts_the_service(host: Host) -> None:
    for path in (HARDENING, "/etc/systemd/system/backend@.service", "/usr/local/lib/slipway_serve.py"):
        file = host.file(path)
        assert (file.user, file.group, oct(file.mode)) == ("root", "root", "0o644")


def test_nothing_runs_without_a_release(host: Host) -> None:
    assert host.check_output("systemctl list-units --no-legend 'backend*'") == ""
