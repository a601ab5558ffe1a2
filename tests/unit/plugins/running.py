"""Runs a module of the collection as Ansible does: in its own process, its options as JSON on standard input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.unit.plugins import prefork

ROOT = Path(__file__).parents[3]
MODULES = "ansible_collections.slipway.fastapi.plugins.modules"
#: A module that takes longer is stuck.
SECONDS = 300


@dataclass
class Runner:
    """Runs one module with options that stay and options that are given for a run."""

    module: str
    options: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)
    python: str = sys.executable

    def run(self, *, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run the module, require success and return its result."""
        result = self.result(check=check, **options)
        assert not result.get("failed"), result.get("msg")
        return result

    def check(self, **options: Any) -> dict[str, Any]:
        """Run the module in check mode, require success and return its result."""
        return self.run(check=True, **options)

    def fail(self, **options: Any) -> str:
        """Run the module, require a clean failure and return its message."""
        result = self.result(**options)
        assert result.get("failed"), f"it succeeded: {result}"
        assert "exception" not in result, result
        return str(result["msg"])

    def result(self, *, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run the module and return what it printed, as JSON and nothing else."""
        arguments = {**self.options, **options, "_ansible_check_mode": check, "_ansible_diff": True}
        text = json.dumps({"ANSIBLE_MODULE_ARGS": arguments})
        output, errors = self._process(text, environment(self.environment))
        assert output.strip(), errors
        found: dict[str, Any] = json.loads(output)
        assert not found.get("deprecations"), found["deprecations"]
        return found

    def _process(self, text: str, variables: dict[str, str]) -> tuple[str, str]:
        """Run the module with this standard input; return its output and its errors."""
        name = f"{MODULES}.{self.module}"
        if self.python == sys.executable and prefork.suits(variables):
            return prefork.run(name, text, variables, SECONDS)
        answer = subprocess.run(
            [self.python, "-m", name],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            env=variables,
        )
        return answer.stdout, answer.stderr


def six_steps(runner: Runner, change: Mapping[str, Any]) -> dict[str, Any]:
    """Check, run, check again, run again, check a change, run the change: check mode must tell what a run then does.

    `change` has options that make a difference, or under `do` a callable that makes one. Returns the first result.
    """
    predicted, first = runner.check(), runner.run()
    assert (predicted["changed"], first["changed"]) == (True, True)
    assert predicted["diff"] == first["diff"]
    assert [runner.check()["changed"], runner.run()["changed"]] == [False, False]
    options = dict(change)
    if "do" in options:
        options.pop("do")()
    predicted, second = runner.check(**options), runner.run(**options)
    assert (predicted["changed"], second["changed"]) == (True, True)
    assert predicted["diff"] == second["diff"]
    assert runner.run(**options)["changed"] is False
    return first


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """The shell's environment without what speaks of AWS or of a proxy, so that each test says itself what is there."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and not name.lower().endswith("_proxy")
    }
    path = os.pathsep.join(filter(None, (more.get("PYTHONPATH"), str(ROOT / "collections"))))
    return {**kept, "HOME": "/nonexistent", **more, "PYTHONPATH": path}
