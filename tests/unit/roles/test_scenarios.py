"""Every role has a Molecule scenario, a scenario is variables and tests only, and the shared base knows the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.settings import HOST_API_ADDRESS, settings_for

ROOT = Path(__file__).resolve().parents[3]
SCENARIOS = sorted(file.parent for file in (ROOT / "molecule").glob("*/molecule.yml"))


def load(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def variables(scenario: Path) -> dict[str, Any]:
    return dict(load(scenario / "molecule.yml")["provisioner"]["inventory"]["group_vars"]["all"])


def named(scenario: Path) -> str:
    return scenario.name


def test_every_role_has_a_default_scenario() -> None:
    roles = {role.name for role in (ROOT / "roles").iterdir() if (role / "tasks").is_dir()}
    covered = {variables(scenario)["scenario_role"] for scenario in SCENARIOS if scenario.name.endswith("_default")}
    assert covered == roles


@pytest.mark.parametrize("scenario", SCENARIOS, ids=named)
def test_a_scenario_is_variables_and_tests(scenario: Path) -> None:
    content = {file.name for file in scenario.iterdir() if file.name != "__pycache__"}
    assert content == {"molecule.yml", "tests"}
    assert list(load(scenario / "molecule.yml")) == ["provisioner"]
    assert list((scenario / "tests").glob("test_*.py"))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=named)
def test_a_drift_is_reported_by_a_task_of_the_role(scenario: Path) -> None:
    chosen = variables(scenario)
    tasks = [
        task["name"]
        for file in (ROOT / "roles" / chosen["scenario_role"] / "tasks").glob("*.yml")
        for task in load(file)
    ]
    assert chosen["scenario_drift"]["reported"]
    assert set(chosen["scenario_drift"]["reported"]) <= set(tasks)


def test_scenarios_share_nothing_in_aws() -> None:
    needs = [variables(scenario).get("scenario_aws", {}) for scenario in SCENARIOS]
    names = [name for need in needs for name in need.get("buckets", [])]
    names += [parameter["name"] for need in needs for parameter in need.get("parameters", [])]
    names += [need["database"] for need in needs if "database" in need]
    assert len(names) == len(set(names))


def test_the_base_points_at_the_tests_own_sandbox() -> None:
    shared = load(ROOT / "molecule" / "shared" / "base.yml")["provisioner"]["inventory"]["group_vars"]["all"]
    settings = settings_for(shared["scenario_sandbox"])
    assert settings.name == "test"
    assert shared["slipway_aws"] == {
        "region": settings.region,
        "endpoint_url": settings.api_url,
        "access_key": settings.access_key,
        "secret_key": settings.secret_key,
    }
    assert shared["slipway_host_endpoint_url"] == f"http://{HOST_API_ADDRESS}"


def test_a_bare_molecule_finds_the_base() -> None:
    assert (ROOT / ".config" / "molecule" / "config.yml").resolve() == ROOT / "molecule" / "shared" / "base.yml"
