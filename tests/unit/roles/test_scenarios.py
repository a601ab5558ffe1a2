"""Every role has a Molecule scenario, a scenario is variables and tests only, and the shared base knows the sandbox."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from sandbox.settings import HOST_API_ADDRESS, settings_for

ROOT = Path(__file__).resolve().parents[3]
ROLES = {role.name for role in (ROOT / "roles").iterdir() if (role / "tasks").is_dir()}
#: Tasks whose work no host of the sandbox can show.
UNTRIED = {
    # apt fetches lists itself where it finds none that are young; only a dry run needs them fetched before.
    "base": {
        "Fetch missing package lists",
        # A container has its machine's clock.
        "Install the time service",
        "Prefer Amazon's time service",
        "Run the time service",
    },
    # It only looks, on the control node.
    "haproxy": {"Check the certificate"},
    # The steps that compare, and those of a whole fleet: tests/e2e and tests/faults take them through every failure.
    "release": {
        "Compare the host with its baselines",
        "Compare the .env with the parameter store",
        "Compare the running release",
        "Resolve the artifacts",
        "Acquire the deployment lease",
        "Check that the lease is still held",
        "Run the hook {{ __release_hook_name }}",
        "Find the release to go back to, and check that it is whole",
        "Record the baseline of the release",
        "Record the run in the history",
        "Release the deployment lease",
    },
    # systemd reads a unit that it has not loaded yet from the disk at its first start.
    # The probes only look.
    "reachability": {"Reload systemd", "Run the probes as the service"},
}
#: Roles that a role includes, whose drift it reports too.
INCLUDED = {"release": {"haproxy", "service"}}
SCENARIOS = sorted(file.parent for file in (ROOT / "molecule").glob("*/molecule.yml"))


def load(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def variables(scenario: Path) -> dict[str, Any]:
    return dict(load(scenario / "molecule.yml")["provisioner"]["inventory"]["group_vars"]["all"])


def mutations(scenario: Path) -> list[str]:
    return list(variables(scenario)["scenario_mutations"])


@pytest.fixture
def mutate(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The runner of mutations, which imports the runner of scenarios beside it."""
    monkeypatch.syspath_prepend(str(ROOT / "molecule"))
    monkeypatch.delitem(sys.modules, "run", raising=False)
    spec = importlib.util.spec_from_file_location("molecule_mutate", ROOT / "molecule" / "mutate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.delitem(sys.modules, "run", raising=False)
    return module


def named(scenario: Path) -> str:
    return scenario.name


def tasks_in(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tasks, those inside blocks too."""
    inner = [task for block in found for task in tasks_in(block.get("block", []))]
    return [task for task in found if "block" not in task] + inner


@pytest.mark.parametrize("kind", ["default", "alternative"])
def test_every_role_has_scenarios_of_both_kinds(kind: str) -> None:
    covered = {variables(scenario)["scenario_role"] for scenario in SCENARIOS if scenario.name.endswith(f"_{kind}")}
    assert covered == ROLES


def test_every_role_runs_on_debian_12_and_13() -> None:
    found = {(variables(one)["scenario_role"], variables(one).get("scenario_debian", 12)) for one in SCENARIOS}
    assert found == {(role, release) for role in ROLES for release in (12, 13)}


def test_an_alternative_sets_variables_of_its_role() -> None:
    for role in ROLES:
        chosen = variables(ROOT / "molecule" / f"{role}_alternative")
        assert [name for name in chosen if name.startswith(f"{role}_")]


@pytest.mark.parametrize("role", sorted(ROLES))
def test_every_task_that_makes_something_is_taken_away_once(role: str) -> None:
    """Those that only look, tell or load are nothing to a host; what cannot be tried in a container is named here."""
    looking = {"assert", "fail", "set_fact", "debug", "meta", "setup", "validate_argument_spec", "include_vars"}
    looking |= {"import_tasks", "include_tasks", "import_role", "include_role"}
    making = set()
    for file in (ROOT / "roles" / role / "tasks").glob("*.yml"):
        for task in tasks_in(load(file)):
            if not looking & {key.removeprefix("ansible.builtin.") for key in task}:
                making.add(task["name"])
    tried = [name for one in SCENARIOS if variables(one)["scenario_role"] == role for name in mutations(one)]
    assert making - set(tried) == UNTRIED.get(role, set())
    assert set(tried) <= making


def test_no_mutation_is_named_twice_in_a_scenario() -> None:
    assert [one.name for one in SCENARIOS if len(mutations(one)) != len(set(mutations(one)))] == []


def test_a_mutation_takes_away_one_task_and_leaves_the_others(tmp_path: Path, mutate: ModuleType) -> None:
    name = "Create the service's directories"
    folder = mutate.mutant("base", name, tmp_path)
    whole, left = load(ROOT / "roles/base/tasks/account.yml"), load(folder / "tasks/account.yml")
    assert [task["name"] for task in left] == [task["name"] for task in whole]
    assert [task for task in whole if task not in left] == [whole[-1]]
    assert left[-1] == {"name": name, "ansible.builtin.debug": {"msg": "taken away"}}
    assert load(folder / "tasks/install.yml") == load(ROOT / "roles/base/tasks/install.yml")


def test_a_mutation_reaches_into_blocks_and_keeps_what_others_read(tmp_path: Path, mutate: ModuleType) -> None:
    folder = mutate.mutant("base", "Install the time service", tmp_path)
    assert load(folder / "tasks/time.yml")[0]["register"] == "__base_time_install"
    folder = mutate.mutant("base", "Run the time service", tmp_path)
    assert "ansible.builtin.debug" in load(folder / "tasks/time.yml")[1]["block"][1]


def test_a_copy_without_a_mutation_is_the_role(tmp_path: Path, mutate: ModuleType) -> None:
    folder = mutate.mutant("docker", None, tmp_path)
    for file in (ROOT / "roles" / "docker").rglob("*.yml"):
        assert (folder / file.relative_to(ROOT / "roles" / "docker")).read_bytes() == file.read_bytes()


def test_a_mutation_that_no_task_bears_is_refused(tmp_path: Path, mutate: ModuleType) -> None:
    with pytest.raises(ValueError, match="0 tasks named 'No such task'"):
        mutate.mutant("base", "No such task", tmp_path)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=named)
def test_a_scenario_is_variables_and_tests(scenario: Path) -> None:
    content = {file.name for file in scenario.iterdir() if file.name != "__pycache__"}
    assert content == {"molecule.yml", "tests"}
    assert list(load(scenario / "molecule.yml")) == ["provisioner"]
    assert list((scenario / "tests").glob("test_*.py"))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=named)
def test_a_drift_is_reported_by_a_task_of_the_role(scenario: Path) -> None:
    chosen = variables(scenario)
    roles = INCLUDED.get(chosen["scenario_role"], set()) | {chosen["scenario_role"]}
    tasks = [
        task["name"]
        for role in roles
        for file in (ROOT / "roles" / role / "tasks").glob("*.yml")
        for task in tasks_in(load(file))
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
