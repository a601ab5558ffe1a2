"""Run a program on the control node and see its lines while it runs."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(frozen=True)
class Outcome:
    """How a program ended: its exit code and everything it wrote to standard error."""

    code: int
    stderr: str


def _interrupt_with_parent() -> None:
    """Ask Linux to send SIGINT when our parent dies, however it dies: a killed run must end its child in good order."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)


def stream(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    on_line: Callable[[str], None],
    merge_stderr: bool = False,
    inherit: Sequence[int] = (),
) -> Outcome:
    """Run ``argv`` and hand each line of its standard output to ``on_line`` as it appears.

    ``merge_stderr`` treats standard error as output; ``inherit`` are descriptors that the program keeps open.

    Raises FileNotFoundError when the program is not there. If the caller is interrupted, the program is asked to stop
    with SIGINT and waited for, so that it can save what it has done.
    """
    stderr = subprocess.STDOUT if merge_stderr else subprocess.PIPE
    process = subprocess.Popen(
        list(argv),
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        errors="replace",
        start_new_session=True,
        pass_fds=inherit,
        preexec_fn=_interrupt_with_parent,  # noqa: PLW1509 (the worker has one thread when it forks)
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            on_line(line.rstrip("\n"))
        errors = process.stderr.read() if process.stderr else ""
        return Outcome(process.wait(), errors)
    except BaseException:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise
