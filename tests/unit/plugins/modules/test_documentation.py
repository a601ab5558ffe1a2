"""What `ansible-doc` says of a module is what the module accepts."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from tests.unit.plugins.running import MODULES, ROOT

FOLDER = ROOT / "collections/ansible_collections/slipway/fastapi/plugins/modules"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if "AnsibleModule(" in path.read_text())
COMPARED = ("type", "elements", "required", "default", "choices")


class Captured(Exception):  # noqa: N818  it is no error
    """Carries what a module gives to AnsibleModule, instead of running it."""

    def __init__(self, argument_spec: dict[str, Any], supports_check_mode: bool) -> None:
        super().__init__()
        self.argument_spec = argument_spec
        self.supports_check_mode = supports_check_mode


@pytest.fixture(scope="module")
def documentation() -> dict[str, Any]:
    """What `ansible-doc` prints, by module."""
    answer = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-doc")), "--json", "-t", "module"]
        + [f"slipway.fastapi.{name}" for name in NAMES],
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def arguments_of(name: str, monkeypatch: pytest.MonkeyPatch) -> Captured:
    """What the module gives to AnsibleModule."""
    module = importlib.import_module(f"{MODULES}.{name}")

    def capture(argument_spec: dict[str, Any], supports_check_mode: bool = False, **_: Any) -> None:
        raise Captured(argument_spec, supports_check_mode)

    monkeypatch.setattr(module, "AnsibleModule", capture)
    with pytest.raises(Captured) as captured:
        module.main()
    return captured.value


def essentials(options: dict[str, Any], nested: str) -> dict[str, Any]:
    """The parts of an argument spec (`options`) or of its documentation (`suboptions`) that must be equal."""
    found = {}
    for name, entry in options.items():
        part = {key: entry.get(key) for key in COMPARED}
        part["type"] = part["type"] or "str"
        part["required"] = bool(part["required"])
        found[name] = (part, essentials(entry.get(nested) or {}, nested))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_options_are_documented_as_they_are(
    name: str, documentation: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = arguments_of(name, monkeypatch).argument_spec
    documented = documentation[f"slipway.fastapi.{name}"]["doc"]["options"]
    assert essentials(spec, "options") == essentials(documented, "suboptions")


@pytest.mark.parametrize("name", NAMES)
def test_check_mode_is_declared_only_where_it_is_supported(
    name: str, documentation: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    attributes = documentation[f"slipway.fastapi.{name}"]["doc"]["attributes"]
    assert {"check_mode", "diff_mode", "idempotent"} <= set(attributes)
    assert arguments_of(name, monkeypatch).supports_check_mode or attributes["check_mode"]["support"] == "none"


@pytest.mark.parametrize("name", NAMES)
def test_examples_use_options_that_the_module_accepts(
    name: str, documentation: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = arguments_of(name, monkeypatch).argument_spec
    tasks = [
        task
        for task in yaml.safe_load(documentation[f"slipway.fastapi.{name}"]["examples"])
        if f"slipway.fastapi.{name}" in task
    ]
    assert tasks
    for task in tasks:
        # Templates stand for values of any type, so only names and what is required can be judged.
        untyped = {key: {"required": entry.get("required", False), "type": "raw"} for key, entry in spec.items()}
        assert ArgumentSpecValidator(untyped).validate(task[f"slipway.fastapi.{name}"]).error_messages == []


@pytest.mark.parametrize("name", NAMES)
def test_results_are_documented(name: str, documentation: dict[str, Any]) -> None:
    assert documentation[f"slipway.fastapi.{name}"]["return"]
