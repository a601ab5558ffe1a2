"""Run a program on the control node and see its lines while it runs."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h
POLL_SECONDS = 0.1
CHUNK = 1 << 16


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
    inherit: Sequence[int] = (),
) -> Outcome:
    """Run ``argv`` and hand each line of its standard output to ``on_line`` as it appears.

    ``inherit`` are descriptors that the program keeps open. Raises FileNotFoundError when the program is not there.

    The program outlives a caller that is interrupted or killed for as long as it needs to save what it has done: it
    gets one SIGINT (Terraform takes a second one for "drop everything"), and it writes to files, since a pipe without
    a reader would end it at its next word.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
            pass_fds=inherit,
            preexec_fn=_interrupt_with_parent,  # noqa: PLW1509 (the worker has one thread when it forks)
        )
        try:
            for line in _follow(output.fileno(), process):
                on_line(line)
        except BaseException:
            # On Linux the signal comes with the end of this process, which is what an interruption leads to.
            if sys.platform != "linux":
                process.send_signal(signal.SIGINT)
            raise
        size = os.fstat(errors.fileno()).st_size
        return Outcome(process.wait(), os.pread(errors.fileno(), size, 0).decode(errors="replace"))


def _follow(descriptor: int, process: subprocess.Popen[bytes]) -> Iterator[str]:
    """Lines of the file that the process writes, until it has ended and all is read."""
    position, rest = 0, b""
    while True:
        ended = process.poll() is not None
        # Not read(): parent and child share the descriptor's position, and the child writes there.
        chunk = os.pread(descriptor, CHUNK, position)
        if chunk:
            position += len(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (line.decode(errors="replace") for line in lines)
        elif ended:
            break
        else:
            time.sleep(POLL_SECONDS)
    if rest:
        yield rest.decode(errors="replace")
