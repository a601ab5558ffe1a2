"""Only the probes that were asked for, of another unit, one of them red and no failure of the play."""

from __future__ import annotations

import json
from typing import Any

import pytest
from testinfra.host import Host


@pytest.fixture
def report(host: Host) -> dict[str, Any]:
    host.run("systemctl start shop-verify")
    return dict(json.loads(host.file("/run/shop-verify/report.json").content_string))


def test_the_probes_are_those_that_were_asked_for(report: dict[str, Any]) -> None:
    assert {probe["name"]: probe["ok"] for probe in report["probes"]} == {"health": True, "cache": False}


def test_a_red_probe_names_its_stage(report: dict[str, Any]) -> None:
    cache = next(probe for probe in report["probes"] if probe["name"] == "cache")
    assert cache["failed_stage"] == "tcp"
    assert cache["fix"]


def test_probes_are_restricted_like_the_service(host: Host) -> None:
    names = "User,NoNewPrivileges,ProtectSystem,CapabilityBoundingSet,SystemCallFilter"

    def properties(unit: str) -> str:
        return str(host.check_output(f"systemctl show {unit} --property={names}"))

    assert "User=shop" in properties("shop-verify")
    assert properties("shop-verify") == properties("shop")
