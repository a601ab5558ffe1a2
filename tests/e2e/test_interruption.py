"""After Ctrl-C or a kill at any point, a second run completes the first."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from sandbox.machine.processes import Process
from tests.e2e.run import LOGS, ROOT, make
from tests.e2e.world import World


@pytest.fixture
def no_sandbox() -> Iterator[None]:
    """Each test starts without a sandbox and leaves none."""
    assert make("sandbox-down").code == 0
    yield
    make("sandbox-down")


@pytest.fixture
def started() -> Iterator[list[Process]]:
    """Processes that interrupted runs have started. Ansible's workers have their own sessions, and can survive."""
    found: list[Process] = []
    yield found
    for process in found:
        process.end(timeout=5)


def descendants(pid: int) -> list[Process]:
    """All running descendants of a process."""
    pairs = subprocess.run(["ps", "-eo", "ppid=,pid="], capture_output=True, text=True, check=True).stdout.split()
    parents: dict[int, list[int]] = {}
    for parent, child in zip(map(int, pairs[::2]), map(int, pairs[1::2])):
        parents.setdefault(parent, []).append(child)
    found, pending = [], [pid]
    while pending:
        children = parents.get(pending.pop(), [])
        pending += children
        for child in children:
            with suppress(ProcessLookupError):
                found.append(Process.of(child))
    return found


def stopped(at: str, by: signal.Signals, started: list[Process]) -> tuple[int, str]:
    """`make site`. Its process group gets a signal as soon as it prints a line with ``at``.

    Its processes until then are added to ``started``.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        ["make", "--no-print-directory", "site"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # As in a person's shell, even if these tests run in the background.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 (nothing else runs here)
    ) as process:
        assert process.stdout is not None
        lines = []
        sent = False
        for line in process.stdout:
            lines.append(line)
            if at in line and not sent:
                started += descendants(process.pid)
                os.killpg(process.pid, by)
                sent = True
        code = process.wait()
    output = "".join(lines)
    (LOGS / f"stopped-{by.name}.log").write_text(output)
    assert sent, f"the run ended before {at!r}: {output[-3000:]}"
    return code, output


@pytest.mark.long
def test_the_next_run_completes_an_interrupted_run(no_sandbox: None, started: list[Process]) -> None:
    # In the middle of Terraform's apply, when some resources exist and most do not.
    code, output = stopped("+ module.network.aws_vpc.this[0]  ", signal.SIGINT, started)
    assert code != 0
    assert "Summary" not in output

    # While the host unpacks the first release. The run cannot print anything after that.
    code, output = stopped("release : Write the environment file", signal.SIGKILL, started)
    assert code != 0
    assert "Summary" not in output

    completed = make("site")
    assert completed.code == 0, completed.output[-4000:]
    answer = httpx.get(f"{World.of_sandbox().url}/health", timeout=5)
    assert answer.status_code == 200
