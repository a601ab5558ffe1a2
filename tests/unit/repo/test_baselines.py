"""What a baseline records is what the roles manage, and what it depends on is all that they are given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from ansible.template import trust_as_template

from tests.unit.repo.helpers import ROOT, text_of, yaml_of
from tests.unit.roles.loading import templar_of

BASELINE = text_of(ROOT / "playbooks/vars/baseline.yml")
FILE_MODULES = ("template", "copy", "file")


def tasks_of(role: str) -> Iterator[dict[str, Any]]:
    """Every task of a role."""
    for path in sorted((ROOT / "roles" / role / "tasks").glob("*.yml")):
        yield from yaml_of(path)


@pytest.mark.parametrize(
    ("role", "places"),
    [
        ("haproxy", {"__haproxy_map", "__haproxy_certificate", "__haproxy_config", "__haproxy_unit_file"}),
        ("service", {"__service_launcher", "__service_item.unit", "__service_service"}),
        ("reachability", {"__reachability_config", "reachability_unit", "__reachability_item"}),
    ],
)
def test_the_files_that_a_role_writes_are_known(role: str, places: set[str]) -> None:
    """A role that writes another file fails here, until its baseline in playbooks/vars/baseline.yml has the file."""
    found = set()
    for task in tasks_of(role):
        for module in FILE_MODULES:
            options = task.get(f"ansible.builtin.{module}", {})
            place = options.get("dest") or options.get("path")
            if place:
                found.add(re.search(r"\{\{ ([\w.]+)", place)[1])  # type: ignore[index]
    assert found == places


@pytest.mark.parametrize(
    "path",
    [
        "/etc/haproxy/haproxy.cfg",
        "/etc/haproxy/service.pem",
        "/etc/systemd/system/haproxy.service",
        "/opt/slipway/lib/slipway-probes.pyz",
        "/opt/slipway/etc/backend-verify.json",
        "/etc/systemd/system/backend-verify.service",
        "50-hardening.conf",
        "/usr/local/lib/slipway_serve.py",
    ],
)
def test_the_files_are_recorded(path: str) -> None:
    assert path in BASELINE


def test_facts_of_a_run_are_no_inputs() -> None:
    """A fact that a role sets would make the next run's inputs other ones."""
    (line,) = re.findall(r"^__baseline_results: \[(.*)\]$", BASELINE, re.MULTILINE)
    facts = {
        name
        for role in ("release", "haproxy", "service", "reachability")
        for task in tasks_of(role)
        for name in task.get("ansible.builtin.set_fact", {})
    }
    assert set(line.split(", ")) == facts


def test_the_code_of_each_role_is_an_input() -> None:
    for role in ("release", "haproxy", "service", "reachability"):
        assert f"'roles/{role}'" in BASELINE
    assert "'playbooks'" in BASELINE
    assert "'collections/ansible_collections/slipway/fastapi/plugins'" in BASELINE


def test_a_dry_run_does_everything() -> None:
    assert "ansible_check_mode or deep | default(false) | bool" in BASELINE


def tasks_in(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The tasks, those inside blocks too."""
    for task in found:
        yield task
        yield from tasks_in([*task.get("block", []), *task.get("rescue", [])])


def release_step(name: str) -> list[dict[str, Any]]:
    return list(tasks_in(yaml_of(ROOT / "roles" / "release" / "tasks" / f"{name}.yml")))


@pytest.mark.parametrize(
    ("module", "step", "only_in_a_run"),
    [
        ("dotenv", "prepare_env", {"generation", "dir"}),
        ("release_switch", "serve", {"timeout", "redefined", "action", "by", "generation"}),
    ],
)
def test_compare_asks_as_a_run_would_act(module: str, step: str, only_in_a_run: set[str]) -> None:
    """A step that gives the module another option fails here, until tasks/compare.yml gives it too."""
    name = f"slipway.fastapi.{module}"
    (acts,) = (task[name] for task in release_step(step) if name in task)
    (asks,) = (task[name] for task in release_step("compare") if name in task)
    assert set(acts) - only_in_a_run == set(asks)
    same = set(asks) - {"release"}
    assert {option: asks[option] for option in same} == {option: acts[option] for option in same}


@pytest.mark.parametrize(
    ("compared", "state"),
    [
        ({"unchanged": {"release": True, "verify": False}}, {"baselines": {"release": True, "verify": False}}),
        ({"skipped": True}, {}),
        ({"unreachable": True}, {}),
    ],
)
def test_baselines_are_kept_only_if_they_were_compared(compared: dict[str, Any], state: dict[str, Any]) -> None:
    """verify compares the baselines by itself where the release did not: with `restart`, for example."""
    (task,) = (task for task in release_step("compare") if task["name"] == "Keep what the baselines say")
    expression = task["ansible.builtin.set_fact"]["release_state"]
    assert templar_of({"__release_baseline": compared}).template(trust_as_template(expression)) == state


def test_every_step_after_the_comparison_ends_where_nothing_changes() -> None:
    """No later step may act on hosts that run their release already."""
    plays = [play for play in yaml_of(ROOT / "playbooks/release.yml") if "tasks" in play]
    steps = [task["ansible.builtin.import_role"]["tasks_from"] for play in plays for task in play["tasks"]]
    assert steps[0] == "compare"
    assert len(steps) > 7
    for step in steps[1:]:
        meta = next(task for task in release_step(step) if "ansible.builtin.debug" not in task)
        assert (meta.get("ansible.builtin.meta"), meta.get("when")) == ("end_play", "__release_unchanged"), step


def test_playbooks_of_a_release_name_hosts_and_steps_only() -> None:
    for name in ("release", "rollback", "resolve"):
        for play in yaml_of(ROOT / f"playbooks/{name}.yml"):
            for task in play.get("tasks", []):
                assert set(task) == {"name", "ansible.builtin.import_role"}, (name, task["name"])
                assert task["ansible.builtin.import_role"]["name"] == "release"
