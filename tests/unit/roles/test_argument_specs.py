"""A role's argument specs are its interface: defaults agree in names, types and values, and inner names stay inside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import AWS_ARGUMENT

ROLES = Path(__file__).resolve().parents[3] / "roles"
ROLE_NAMES = sorted(role.name for role in ROLES.iterdir() if (role / "tasks").is_dir())
TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "path": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "list": (list,),
    "dict": (dict,),
}


def load(role: str, file: str) -> Any:
    return yaml.safe_load((ROLES / role / file).read_text(encoding="utf-8")) or {}


def options_of(role: str) -> dict[str, dict[str, Any]]:
    return dict(load(role, "meta/argument_specs.yml")["argument_specs"]["main"].get("options", {}))


def is_template(value: Any) -> bool:
    return isinstance(value, str) and "{{" in value


def mismatch(value: Any, option: dict[str, Any]) -> str:
    """Why *value* is not of the option's type; empty when it is."""
    kind = option.get("type", "str")
    if is_template(value):
        return ""
    if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "bool"):
        return f"{value!r} is no {kind}"
    if isinstance(value, list):
        inner = {"type": option.get("elements", "raw"), "options": option.get("options", {})}
        return "; ".join(filter(None, (mismatch(item, inner) for item in value if inner["type"] in TYPES)))
    return ""


def tasks_of(role: str) -> Iterator[dict[str, Any]]:
    """Every task and handler of a role, those inside blocks too."""
    pending: list[Any] = []
    for file in sorted([*(ROLES / role).glob("tasks/**/*.yml"), *(ROLES / role).glob("handlers/**/*.yml")]):
        pending += yaml.safe_load(file.read_text(encoding="utf-8")) or []
    while pending:
        task = pending.pop()
        yield task
        for section in ("block", "rescue", "always"):
            pending += task.get(section, [])


def test_every_role_of_the_design_is_here() -> None:
    expected = {"base", "python", "docker", "database", "haproxy", "service", "release", "reachability"}
    assert expected <= set(ROLE_NAMES)


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_defaults_are_those_of_the_specs(role: str) -> None:
    specified = {name: option["default"] for name, option in options_of(role).items() if "default" in option}
    defaults = load(role, "defaults/main.yml")
    assert defaults == specified
    # YAML's 1, 1.0 and true are equal to Python; a role's reader would not agree.
    assert {name: type(value) for name, value in defaults.items()} == {
        name: type(value) for name, value in specified.items()
    }


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_defaults_have_the_specified_type(role: str) -> None:
    options = options_of(role)
    found = {name: mismatch(value, options[name]) for name, value in load(role, "defaults/main.yml").items()}
    assert {name: reason for name, reason in found.items() if reason} == {}


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_an_option_has_a_default_or_is_required(role: str) -> None:
    unclear = [
        name for name, option in options_of(role).items() if ("default" in option) == bool(option.get("required"))
    ]
    assert unclear == []


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_a_required_option_is_named_in_the_defaults(role: str) -> None:
    text = (ROLES / role / "defaults" / "main.yml").read_text(encoding="utf-8")
    required = [name for name, option in options_of(role).items() if option.get("required")]
    comments = " ".join(line for line in text.splitlines() if line.startswith("#"))
    assert [name for name in required if not re.search(rf"\b{name}\b", comments)] == []


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_public_names_bear_the_role(role: str) -> None:
    assert [name for name in options_of(role) if not name.startswith(f"{role}_")] == []


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_every_option_is_described(role: str) -> None:
    def undescribed(options: dict[str, dict[str, Any]]) -> Iterator[str]:
        for name, option in options.items():
            if not option.get("description"):
                yield name
            yield from undescribed(option.get("options", {}))

    assert list(undescribed(options_of(role))) == []


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_registers_and_loop_variables_are_internal(role: str) -> None:
    names = [
        name
        for task in tasks_of(role)
        for name in (task.get("register"), task.get("loop_control", {}).get("loop_var"))
        if name is not None
    ]
    assert [name for name in names if not name.startswith(f"__{role}_")] == []


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_every_loop_names_its_variable(role: str) -> None:
    loops = [task for task in tasks_of(role) if "loop" in task]
    assert [task["name"] for task in loops if "loop_var" not in task.get("loop_control", {})] == []


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_facts_never_overwrite_an_input(role: str) -> None:
    facts = [name for task in tasks_of(role) for name in task.get("ansible.builtin.set_fact", {})]
    assert set(facts) & set(options_of(role)) == set()
    assert [name for name in facts if not name.startswith((f"{role}_", f"__{role}_"))] == []


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_system_variables_are_internal(role: str) -> None:
    files = sorted((ROLES / role).glob("vars/*.yml"))
    names = [name for file in files for name in yaml.safe_load(file.read_text(encoding="utf-8")) or {}]
    assert [name for name in names if not name.startswith(f"__{role}_")] == []


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_no_task_asks_for_the_distribution(role: str) -> None:
    conditions = [str(task.get("when", "")) for task in tasks_of(role)]
    assert [condition for condition in conditions if "distribution" in condition and "subset" not in condition] == []


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_the_table_of_contents_has_tags(role: str) -> None:
    entries = load(role, "tasks/main.yml")
    assert [entry["name"] for entry in entries if not entry.get("tags")] == []


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_no_failure_is_ignored_and_no_dry_run_is_blind(role: str) -> None:
    tasks = list(tasks_of(role))
    assert [task["name"] for task in tasks if task.get("ignore_errors")] == []
    blind = ("ansible.builtin.shell", "ansible.builtin.get_url", "ansible.builtin.unarchive", "ansible.builtin.pip")
    assert [task["name"] for task in tasks if any(module in task for module in blind)] == []
    commands = [task for task in tasks if "ansible.builtin.command" in task]
    assert [task["name"] for task in commands if task.get("check_mode") is not False] == []


def test_a_role_takes_the_whole_aws_identity() -> None:
    """`slipway_aws` is handed to it as it is: an option that a role does not know would stop the run on every host."""
    given = AWS_ARGUMENT["options"].keys()
    taken = {
        f"{role}.{name}": option["options"].keys()
        for role in ROLE_NAMES
        for name, option in options_of(role).items()
        if "access_key" in option.get("options", {})
    }
    assert taken == {"database.database_aws": given}
