"""A program's lines as they come, and its orderly end when the run that started it does not live to see it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.plugin_utils._process import stream

ROOT = Path(__file__).resolve().parents[4]

# Says something, and on each SIGINT notes it, goes on talking for a while, and ends.
SAVING = """
save() {
  echo interrupted >> "$0.log"
  for n in 1 2 3 4 5; do echo saving; sleep 0.1; done
  echo saved >> "$0.log"
  exit 0
}
trap save INT
echo ready
while :; do sleep 0.1; done
"""
RUNNER = """
import os, sys
from pathlib import Path
from ansible_collections.slipway.fastapi.plugins.plugin_utils._process import stream
stream(["sh", sys.argv[1]], cwd=Path("/"), env=os.environ, on_line=lambda line: print(line, flush=True))
"""


def test_lines_errors_and_exit_code() -> None:
    lines: list[str] = []
    script = "echo one; echo two; printf three; echo problem >&2; exit 3"
    outcome = stream(["sh", "-c", script], cwd=Path("/"), env=os.environ, on_line=lines.append)
    assert lines == ["one", "two", "three"]
    assert (outcome.code, outcome.stderr) == (3, "problem\n")


def test_lines_come_while_the_program_runs() -> None:
    times: list[float] = []
    script = "echo one; sleep 0.6; echo two"
    stream(["sh", "-c", script], cwd=Path("/"), env=os.environ, on_line=lambda _: times.append(time.monotonic()))
    assert times[1] - times[0] > 0.3


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_program_whose_run_ends_early_is_interrupted_once_and_can_save(by: signal.Signals, tmp_path: Path) -> None:
    script = tmp_path / "saving.sh"
    script.write_text(SAVING)
    log = tmp_path / "saving.sh.log"
    with subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "collections")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
        run.send_signal(by)
        try:
            run.wait(timeout=20)
        finally:
            run.kill()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not (log.exists() and "saved" in log.read_text()):
        time.sleep(0.1)
    assert log.read_text().splitlines() == ["interrupted", "saved"]
