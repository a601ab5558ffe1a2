"""After `make sandbox-down` the machine is as before the first run."""

from __future__ import annotations

from tests.e2e.machine import SANDBOX, Traces, traces
from tests.e2e.run import Run, make


def test_sandbox_down_removes_everything(before: Traces, first_run: Run) -> None:
    down = make("sandbox-down")
    assert down.code == 0, down.output
    after = traces()
    assert after.containers <= before.containers
    assert after.networks - before.networks <= {"bridge", "host", "none"}
    assert after.volumes <= before.volumes
    assert after.processes <= before.processes
    assert not [name for name in after.interfaces - before.interfaces if name != "docker0"]
    # There are fewer if the engine was started for the sandbox and has stopped with it.
    assert after.rules <= before.rules
    assert not SANDBOX.exists()


def test_a_second_sandbox_down_reports_nothing_to_do(first_run: Run) -> None:
    assert make("sandbox-down").code == 0
