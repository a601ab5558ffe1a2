"""An account that may use the engine of Debian 13."""

from __future__ import annotations

import json

from testinfra.host import Host


def test_engine_runs_now_and_at_every_start(host: Host) -> None:
    service = host.service("docker")
    assert service.is_running
    assert service.is_enabled


def test_the_account_can_use_the_engine(host: Host) -> None:
    assert "docker" in host.user("deploy").groups
    version = json.loads(host.check_output("runuser -u deploy -- docker version --format '{{json .}}'"))
    assert version["Server"]["Os"] == "linux"


def test_service_account_may_not(host: Host) -> None:
    assert host.run("runuser -u backend -- docker version").rc != 0
