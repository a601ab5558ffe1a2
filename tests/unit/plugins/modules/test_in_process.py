"""Modules of the control node that run in Ansible's own process."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible_collections.slipway.fastapi.plugins.plugin_utils._in_process import InProcess, call

from tests.unit.repo.helpers import ROOT

ACTIONS = ROOT / "collections/ansible_collections/slipway/fastapi/plugins/action"
CONNECTION = SimpleNamespace(transport="local", become=None)
TASK = SimpleNamespace(async_val=0, environment=[])


def test_a_module_returns_what_it_would_print(tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text("i-1 ssh-ed25519 AAAA\n")
    options = {"aws": {"region": "us-east-1"}, "instances": ["i-1"], "path": str(known)}
    result = call("host_keys", options)
    assert (result["changed"], result["unknown"]) == (False, [])
    assert (basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE) == (None, None)


def test_a_refusal_is_the_modules(capsys: pytest.CaptureFixture[str]) -> None:
    result = call("account", {"aws": {"region": "us-east-1"}, "sandbox": True})
    assert result["failed"]
    assert "a sandbox needs `endpoint_url`" in result["msg"]
    assert capsys.readouterr().out == ""


def test_wrong_options_are_refused_as_always() -> None:
    assert "Unsupported parameters" in call("account", {"aws": {"region": "x"}, "unheard_of": 1})["msg"]


@pytest.mark.parametrize(
    ("variables", "connection", "task", "here"),
    [
        ({}, CONNECTION, TASK, True),
        ({"ansible_python_interpreter": "/v/python", "ansible_playbook_python": "/v/python"}, CONNECTION, TASK, True),
        ({"ansible_python_interpreter": "/other", "ansible_playbook_python": "/v/python"}, CONNECTION, TASK, False),
        ({}, SimpleNamespace(transport="ssh", become=None), TASK, False),
        ({}, SimpleNamespace(transport="local", become=object()), TASK, False),
        ({}, CONNECTION, SimpleNamespace(async_val=60, environment=[]), False),
        ({}, CONNECTION, SimpleNamespace(async_val=0, environment=[{"AWS_PROFILE": "x"}]), False),
    ],
)
def test_only_what_would_run_here_does(variables: dict[str, Any], connection: Any, task: Any, here: bool) -> None:
    action = InProcess.__new__(InProcess)
    action._connection, action._task = connection, task
    assert action._is_here(variables) is here


def test_each_action_has_its_module() -> None:
    names = [path.stem for path in ACTIONS.glob("*.py") if "_in_process" in path.read_text(encoding="utf-8")]
    assert len(names) > 3
    assert [name for name in names if not (ACTIONS.parent / "modules" / f"{name}.py").exists()] == []
