"""Runs a module of the control node within Ansible's own process.

A module that asks AWS spends most of its second on starting Python and importing boto3, which the inventory's plugin
has imported already. The module itself is unchanged: its arguments, its output and its errors are those of a process.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import tempfile
from typing import Any

from ansible.module_utils import basic
from ansible.module_utils.common.json import Direction, get_module_decoder, get_module_encoder
from ansible.plugins.action import ActionBase

PROFILE = "legacy"
"""How arguments and results are encoded, as Ansible names it."""
MODULES = "ansible_collections.slipway.fastapi.plugins.modules"


class InProcess(ActionBase):
    """An action that calls the `main` of the module of its name, where that would run on this machine as this user."""

    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The module's result."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        if not self._is_here(variables):
            result.update(self._execute_module(task_vars=variables))
            return result
        name = self._task.resolved_action.rpartition(".")[2]
        options = dict(self._task.args)
        self._update_module_args(f"slipway.fastapi.{name}", options, variables)
        with tempfile.TemporaryDirectory(prefix="slipway-") as folder:
            result.update(call(name, {**options, "_ansible_tmpdir": folder}))
        return result

    def _is_here(self, variables: dict[str, Any]) -> bool:
        """Whether the module would run here: locally, by this very Python, as this user, with this environment."""
        python = variables.get("ansible_python_interpreter")
        return (
            self._connection.transport == "local"
            and python in (None, variables.get("ansible_playbook_python"))
            and not (self._connection.become or self._task.async_val or any(self._task.environment or []))
        )


def call(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Call a module's `main` with these options and return what it prints."""
    module = importlib.import_module(f"{MODULES}.{name}")
    encoder = get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE)
    arguments = json.dumps({"ANSIBLE_MODULE_ARGS": options}, cls=encoder).encode()
    before = (basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE)
    basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = arguments, PROFILE
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
            module.main()
    finally:
        basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = before
    decoder = get_module_decoder(PROFILE, Direction.MODULE_TO_CONTROLLER)
    found: dict[str, Any] = json.loads(said.getvalue(), cls=decoder)
    return found
