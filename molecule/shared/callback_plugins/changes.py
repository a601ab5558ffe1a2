"""Record which tasks of a run changed something, so that tests can compare a dry run with a real one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible import context
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: changes
type: notification
short_description: Appends one line of JSON for each play that a scenario ran
description:
  - Each line holds the play, whether it was a dry run, and the names of the changed tasks in order.
  - Written to the file that the environment variable C(MOLECULE_CHANGES) names.
author:
  - Slipway maintainers
"""


class CallbackModule(CallbackBase):
    """Collect the names of changed tasks, and write them when the play ends."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "changes"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._file = Path(os.environ["MOLECULE_CHANGES"])
        self._play = ""
        self._changed: list[str] = []

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """End the previous play and start a new list."""
        self._write()
        self._play = play.get_name().strip()

    def v2_runner_on_ok(self, result: Any) -> None:
        """Record a changed task. A loop counts once."""
        if result.result.get("changed"):
            self._changed.append(result.task.name)

    def v2_playbook_on_stats(self, stats: Any) -> None:  # noqa: ARG002
        """End the last play."""
        self._write()

    def _write(self) -> None:
        if self._play and self._file.parent.is_dir():
            line = {"play": self._play, "check": bool(context.CLIARGS.get("check")), "changed": self._changed}
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        self._play, self._changed = "", []
