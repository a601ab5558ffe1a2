"""The probes, started by hand as an administrator would, and what they are allowed to do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from testinfra.host import Host


@pytest.fixture
def report(host: Host) -> dict[str, Any]:
    host.check_output("systemctl start backend-verify")
    return dict(json.loads(host.file("/run/backend-verify/report.json").content_string))


def test_every_dependency_is_reached(report: dict[str, Any]) -> None:
    outcomes = {probe["name"]: probe["ok"] for probe in report["probes"]}
    assert outcomes == dict.fromkeys(["tavily", "gemini", "s3", "rds", "health"], True)


def test_every_stage_has_a_time(report: dict[str, Any]) -> None:
    stages = [stage for probe in report["probes"] for stage in probe["stages"]]
    assert stages
    assert all(stage["seconds"] >= 0 for stage in stages)


def test_the_report_holds_no_secret(host: Host, report: dict[str, Any]) -> None:
    lines = host.file("/opt/backend/current/.env").content_string.splitlines()
    secrets = [
        line.partition("=")[2].strip("\"'") for line in lines if line.partition("=")[0].endswith(("_KEY", "_URL"))
    ]
    own = [secret for secret in secrets if "192.0.2.10" not in secret]
    assert len(own) == 3
    assert [secret for secret in own if secret in json.dumps(report)] == []


def test_probes_run_as_the_service_and_restricted_like_it(host: Host) -> None:
    names = "User,NoNewPrivileges,ProtectSystem,CapabilityBoundingSet,SystemCallFilter"

    def properties(unit: str) -> str:
        return str(host.check_output(f"systemctl show {unit} --property={names}"))

    assert "User=backend" in properties("backend-verify")
    assert properties("backend-verify") == properties("backend")
