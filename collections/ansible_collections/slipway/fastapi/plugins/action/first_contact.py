"""The control node's half of slipway.fastapi.first_contact (documented in modules/first_contact.py)."""

from __future__ import annotations

import time
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

PAUSE = 1.0
"""Seconds between two attempts."""
ARGUMENTS = {"timeout": {"type": "int", "default": 300}}


class ActionModule(ActionBase):
    """Runs the module, again and again until the host answers or its time is over."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The module's result; a failure with `answered` false where the host did not answer in time."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(argument_spec=ARGUMENTS)
        deadline = time.monotonic() + given["timeout"]
        while True:
            try:
                outcome = {**self._execute_module(task_vars=task_vars), "answered": True}
            except AnsibleConnectionFailure as error:
                outcome = {"failed": True, "answered": False, "msg": str(error)}
            # Other failures may end with the first boot, which installs Python where an image lacks it.
            if not outcome.get("failed") or outcome.get("boot_failed") or time.monotonic() >= deadline:
                result.update(outcome)
                return result
            time.sleep(PAUSE)
            # The connection that was refused must not be used again.
            self._connection.reset()
