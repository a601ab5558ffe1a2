"""The control node's half of slipway.fastapi.live_command (documented in modules/live_command.py)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.slipway.fastapi.plugins.plugin_utils._process import stream

display = Display()

ARGUMENTS: dict[str, dict[str, Any]] = {
    "argv": {"type": "list", "elements": "str", "required": True},
    "chdir": {"type": "path", "required": True},
    "changed_marker": {"type": "str", "required": True},
}


class ActionModule(ActionBase):
    """Runs a program on the control node and shows its lines while it runs."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the program; fails with its standard error when it exits with another code than 0."""
        super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)
        if self._task.check_mode:
            return {"changed": False, "skipped": True, "msg": "not run in check mode"}
        lines: list[str] = []

        def take(line: str) -> None:
            lines.append(line)
            display.display(line)

        try:
            outcome = stream(arguments["argv"], cwd=Path(arguments["chdir"]), env=os.environ, on_line=take)
        except FileNotFoundError as error:
            raise AnsibleActionFail(f"{arguments['argv'][0]} is not there: {error.strerror}.") from error
        if outcome.code:
            raise AnsibleActionFail(outcome.stderr.strip() or f"{arguments['argv'][0]} ended with code {outcome.code}.")
        return {"changed": any(arguments["changed_marker"] in line for line in lines), "stdout_lines": lines}
