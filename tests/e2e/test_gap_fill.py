"""Blueprint gap-fill: a host ready for Docker, beside another app of the account, without artifact or parameter."""

from __future__ import annotations

import pytest

from tests.e2e.run import Run, make
from tests.e2e.test_site import RECAP
from tests.e2e.world import World


@pytest.fixture(scope="module")
def run_of_gap_fill(world: World) -> Run:
    return make("site", "BLUEPRINT=gap-fill")


@pytest.fixture(scope="module")
def host(run_of_gap_fill: Run) -> World:
    assert run_of_gap_fill.code == 0, run_of_gap_fill.output[-4000:]
    return World.of_sandbox("gap-fill")


def test_a_host_without_an_artifact_is_a_success(run_of_gap_fill: Run, host: World) -> None:
    assert "a host ready for Docker" in run_of_gap_fill.output
    assert host.shell("docker run --help >/dev/null && systemctl is-active docker").strip() == "active"


def test_the_documents_tools_are_there(host: World) -> None:
    assert host.shell("for tool in git aws python3; do command -v $tool || echo no $tool; done").count("no ") == 0


def test_the_parameter_reaches_the_host_at_its_documented_place(host: World) -> None:
    assert host.tags["slipway:env-parameter"] == "/mlops/backend/env"
    assert host.shell("readlink /opt/backend/.env").strip() == "shared/.env"
    assert host.shell("stat -Lc '%a %U' /opt/backend/.env").strip() == "600 backend"
    assert "TAVILY_API_KEY=" in host.shell("cut -d= -f1 /opt/backend/.env | sed 's/$/=/'")


def test_a_second_run_changes_nothing(host: World) -> None:
    again = make("site", "BLUEPRINT=gap-fill")
    assert again.code == 0, again.output[-4000:]
    assert [line for line in RECAP.findall(again.output) if line[1:] != ("0", "0", "0")] == []
