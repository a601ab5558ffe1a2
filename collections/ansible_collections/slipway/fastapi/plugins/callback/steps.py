"""Standard output of a Slipway run: a line for each task, whole sentences for each failure."""

from __future__ import annotations

DOCUMENTATION = r"""
name: steps
type: stdout
short_description: A line for each task, with its time
version_added: 0.1.0
author:
  - Slipway maintainers (@slipway)
description:
  - Shows each task that did something as one line with its sign, its name, its host and the seconds it took.
  - A failure shows its message as text, so that the fix can be read.
  - A task that takes long is named on standard error while it runs, unless it shows its own lines.
  - With C(-v) and above the output is that of P(ansible.builtin.default#callback).
extends_documentation_fragment:
  - default_callback
  - result_format_callback
options:
  progress_seconds:
    description: Seconds after which a running task is named, and then again each time as many have passed.
    type: float
    default: 20
    env:
      - name: SLIPWAY_PROGRESS_SECONDS
    ini:
      - section: callback_steps
        key: progress_seconds
requirements:
  - set C(stdout_callback = slipway.fastapi.steps) in C(ansible.cfg)
"""

import os
import threading
import time
from dataclasses import dataclass
from typing import Any

from ansible import constants
from ansible.plugins.callback.default import CallbackModule as DefaultCallback
from ansible_collections.slipway.fastapi.plugins.module_utils._system import printable

LOCAL = ("localhost", "127.0.0.1")
# What succeeds here is no step: Ansible's own checks of a role's arguments, its meta tasks and its includes.
SILENT = (
    *constants._ACTION_META,
    *constants._ACTION_INCLUDE_TASKS,
    "validate_argument_spec",
    "ansible.builtin.validate_argument_spec",
)
# What shows its own lines while it runs.
LIVE = ("slipway.fastapi.live_command", "slipway.fastapi.terraform")
# How Ansible names the error of a task that only its `failed_when` calls failed.
NO_MESSAGE = "Unknown error."


@dataclass
class Running:
    """A task that has begun on a host, and the times at which that was and at which it is told next."""

    title: str
    began: float
    tell: float


def title_of(task: Any, host: Any) -> str:
    """A task's name, with its host unless that is the control node."""
    place = "" if host.get_name() in LOCAL else f"  [{host.get_name()}]"
    return f"{task.get_name().strip()}{place}"


def text_of(message: Any) -> list[str]:
    """A result's message as lines of text. A host may have written it, so nothing in it steers the terminal."""
    if isinstance(message, (list, tuple)):
        return [line for item in message for line in text_of(item)]
    return [printable.line(line) for line in str(message).splitlines()] or [""]


class CallbackModule(DefaultCallback):
    """Short output unless more was asked for."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "slipway.fastapi.steps"

    def __init__(self) -> None:
        super().__init__()
        self._running: dict[tuple[str, str], Running] = {}
        self._heading = ""
        self._over = threading.Event()
        self._watch: threading.Thread | None = None

    @property
    def _short(self) -> bool:
        return bool(self._display.verbosity == 0)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Remember the play's name: it is shown above its first line, and not at all without one."""
        if not self._short:
            super().v2_playbook_on_play_start(play)
            return
        self._play = play
        self._heading = play.get_name().strip()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """Say nothing yet: the result will name the task."""
        if not self._short:
            super().v2_playbook_on_task_start(task, is_conditional)

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        """Say nothing yet: the result will name the handler."""
        if not self._short:
            super().v2_playbook_on_handler_task_start(task)

    def v2_playbook_on_no_hosts_matched(self) -> None:
        """A play without hosts is worth a line, since an empty inventory is often a mistake."""
        if not self._short:
            super().v2_playbook_on_no_hosts_matched()
            return
        self._say("  no host in the inventory", constants.COLOR_SKIP)

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        """Start the clock of one task on one host."""
        if not self._short:
            super().v2_runner_on_start(host, task)
            return
        now = time.monotonic()
        tell = float("inf") if task.action in LIVE else now + self.get_option("progress_seconds")
        self._running[(host.get_name(), task._uuid)] = Running(title_of(task, host), now, tell)
        if self._watch is None:
            self._watch = threading.Thread(target=self._tell_what_runs, daemon=True)
            self._watch.start()

    def v2_runner_on_ok(self, result: Any) -> None:
        """One line, or the text itself when the task is there to say something."""
        if not self._short:
            super().v2_runner_on_ok(result)
            return
        seconds = self._stop_clock(result)
        self._handle_warnings(result.result)
        outcome = result.result
        if result.task.action in constants._ACTION_DEBUG:
            # Of a loop, each item has said its own.
            if "results" not in outcome:
                self._tell(outcome)
            return
        if result.task.action in SILENT:
            return
        changed = bool(outcome.get("changed"))
        self._line("~" if changed else "✓", result, seconds, constants.COLOR_CHANGED if changed else constants.COLOR_OK)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """The message as text."""
        if not self._short:
            super().v2_runner_on_failed(result, ignore_errors)
            return
        self._line("✗", result, self._stop_clock(result), constants.COLOR_ERROR)
        self._handle_warnings(result.result)
        self._explain(result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """The message as text."""
        if not self._short:
            super().v2_runner_on_unreachable(result)
            return
        self._line("✗", result, self._stop_clock(result), constants.COLOR_UNREACHABLE)
        self._explain(result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        """Nothing happened: no line."""
        self._stop_clock(result)
        if not self._short:
            super().v2_runner_on_skipped(result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        """The task's own line is enough, unless the task is there to say something."""
        if not self._short:
            super().v2_runner_item_on_ok(result)
            return
        self._handle_warnings(result.result)
        if result.task.action in constants._ACTION_DEBUG:
            self._tell(result.result)

    def v2_runner_item_on_skipped(self, result: Any) -> None:
        """Nothing happened: no line."""
        if not self._short:
            super().v2_runner_item_on_skipped(result)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        """Each failed item has its own message."""
        if not self._short:
            super().v2_runner_item_on_failed(result)
            return
        self._handle_warnings(result.result)
        self._explain(result)

    def v2_playbook_on_include(self, included_file: Any) -> None:
        """Included files are a matter of the code's order, not of the run."""
        if not self._short:
            super().v2_playbook_on_include(included_file)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """The recap, and below it the answer to the usual question in words."""
        self._over.set()
        super().v2_playbook_on_stats(stats)
        if not self._short or stats.failures or stats.dark:
            return
        changed = {host: count for host, count in sorted(stats.changed.items()) if count}
        where = ", ".join(f"{host} ({count})" for host, count in changed.items())
        self._display.display(f"Changed: {where}" if changed else "Nothing was changed.")

    def _line(self, sign: str, result: Any, seconds: float, color: str) -> None:
        failed = color in (constants.COLOR_ERROR, constants.COLOR_UNREACHABLE)
        self._say(f"  {sign} {title_of(result.task, result.host)}  {seconds:.1f}s", color, stderr=failed)

    def _stop_clock(self, result: Any) -> float:
        running = self._running.pop((result.host.get_name(), result.task._uuid), None)
        return time.monotonic() - running.began if running else 0.0

    def _tell_what_runs(self) -> None:
        every = self.get_option("progress_seconds")
        while not self._over.wait(min(every, 1.0)):
            now = time.monotonic()
            for running in list(self._running.values()):
                if running.tell <= now:
                    running.tell = now + every
                    # Past Ansible's display: its lock must not be held here while a worker is forked.
                    os.write(2, f"  … {running.title}  {now - running.began:.0f}s so far\n".encode())

    def _say(self, line: str, color: str | None = None, stderr: bool = False) -> None:
        if self._heading:
            self._display.display(f"\n{self._heading}", color=constants.COLOR_HIGHLIGHT)
            self._heading = ""
        self._display.display(line, color=color, stderr=stderr)

    def _tell(self, outcome: Any) -> None:
        for line in text_of(outcome.get("msg", "")):
            self._say(line)

    def _explain(self, result: Any) -> None:
        outcome = result.result
        if outcome.get("results"):
            return
        message = outcome.get("msg")
        if str(message).endswith(NO_MESSAGE):
            # A text where the condition itself is wrong; a play that fails on purpose has its own task to say why.
            judged = outcome.get("failed_when_result")
            message = judged if isinstance(judged, str) else None
        parts = [message, outcome.get("module_stderr"), outcome.get("stderr")]
        for line in [line for part in parts if part for line in text_of(part)]:
            self._display.display(f"    {line}", color=constants.COLOR_ERROR, stderr=True)
