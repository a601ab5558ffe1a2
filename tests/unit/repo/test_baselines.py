"""What a baseline records is what the roles manage, and what it depends on is all that they are given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.repo.helpers import ROOT, text_of, yaml_of

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
        for role in ("dotenv", "artifact", "haproxy", "service", "reachability")
        for task in tasks_of(role)
        for name in task.get("ansible.builtin.set_fact", {})
    }
    assert set(line.split(", ")) == facts


def test_the_code_of_each_role_is_an_input() -> None:
    for role in ("dotenv", "artifact", "haproxy", "service", "reachability"):
        assert f"'roles/{role}'" in BASELINE
    assert "'playbooks'" in BASELINE
    assert "'collections/ansible_collections/slipway/fastapi/plugins'" in BASELINE


def test_a_dry_run_does_everything() -> None:
    assert "ansible_check_mode or deep | default(false) | bool" in BASELINE


@pytest.mark.parametrize(
    ("module", "role", "only_in_a_run"),
    [
        ("dotenv", "dotenv", {"generation", "dir"}),
        ("release_switch", "service", {"address", "timeout", "redefined", "action", "by", "generation"}),
    ],
)
def test_the_question_is_asked_as_the_role_would_act(module: str, role: str, only_in_a_run: set[str]) -> None:
    """A role that is given another option fails here, until playbooks/tasks/settled.yml asks with it."""
    name = f"slipway.fastapi.{module}"
    (acts,) = (task[name] for task in tasks_of(role) if name in task)
    (asks,) = (task[name] for task in yaml_of(ROOT / "playbooks/tasks/settled.yml") if name in task)
    assert set(acts) - only_in_a_run == set(asks)
    if module == "dotenv":
        assert (acts["owner"], acts["group"]) == (asks["owner"], "{{ dotenv_account }}")


def test_every_play_of_a_release_ends_where_nothing_is_to_be_released() -> None:
    """After the question, no play may act on hosts that run the release already."""
    plays = [play for play in yaml_of(ROOT / "playbooks/release.yml") if "tasks" in play]
    names = [play["name"] for play in plays]
    after = plays[names.index("Settled") + 1 :] + yaml_of(ROOT / "playbooks/released.yml")
    assert len(after) > 5
    for play in after:
        assert play["tasks"][0].get("ansible.builtin.meta") == "end_play", play["name"]
        assert play["tasks"][0]["when"] == "slipway_settled"
