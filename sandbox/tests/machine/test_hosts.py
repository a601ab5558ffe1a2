"""The settings of an instance's container."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.contract import Instance, Vpc
from sandbox.machine import hosts
from sandbox.machine.engine import CgroupVersion
from sandbox.settings import settings_for

SETTINGS = settings_for("test")
NETWORK = Vpc("vpc-1", "10.40.0.0/16", "10.40.0.1")
HOST = Instance("i-1", "vpc-1", "10.40.0.4", "198.18.1.4", "running", (), 0, "ami-1", "debian-12", "t3.micro", "name")


def plan(cgroups: CgroupVersion = "1") -> hosts.Plan:
    return hosts.Plan(HOST, NETWORK, "image:tag", cgroups, {})


def test_well_known_addresses_are_redirected_to_the_gateway() -> None:
    assert hosts.redirects(SETTINGS, "10.40.0.1").split() == [
        f"169.254.169.254:80=10.40.0.1:{SETTINGS.imds_port}",
        f"192.0.2.10:80=10.40.0.1:{SETTINGS.api_port}",
        f"192.0.2.20:443=10.40.0.1:{SETTINGS.stub_port}",
    ]


@pytest.mark.parametrize(("cgroups", "namespace", "shared"), [("1", "host", True), ("2", "private", False)])
def test_control_groups_fit_the_machine(cgroups: CgroupVersion, namespace: str, shared: bool) -> None:
    options = hosts.host_options(SETTINGS, plan(cgroups))
    assert options["cgroupns"] == namespace
    assert any(bind.startswith("/sys/fs/cgroup:") for bind in options["binds"]) == shared


def test_a_host_is_never_privileged() -> None:
    options: dict[str, Any] = hosts.host_options(SETTINGS, plan())
    assert "privileged" not in options
    assert options["cap_add"] == ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "MKNOD"]


def test_a_host_resolves_the_name_of_every_stub() -> None:
    options = hosts.host_options(SETTINGS, plan())
    assert options["extra_hosts"] == dict.fromkeys(SETTINGS.stub_names, "192.0.2.20")


def test_a_host_can_be_found_by_its_labels() -> None:
    options = hosts.options(SETTINGS, plan())
    assert options["labels"] == {"slipway.sandbox": "test", "slipway.kind": "host", "slipway.id": "i-1"}
    assert options["hostname"] == "ip-10-40-0-4"


def test_a_host_that_ran_out_of_inotify_instances_names_the_fix() -> None:
    console = "Welcome\n\x1b[0;1;31mFailed to allocate manager object: Too many open files\x1b[0m\nExiting PID 1...\n"
    assert "sysctl fs.inotify.max_user_instances" in hosts.why_ended(console)


def test_any_other_end_is_reported_with_the_last_line() -> None:
    assert hosts.why_ended("one\n\x1b[31mtwo\x1b[0m\n[!!!] Exiting PID 1...\n") == "systemd ended: two"
    assert hosts.why_ended("") == "systemd ended: it wrote nothing"
