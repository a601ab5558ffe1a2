"""Recorded processes are found again, and not confused with others."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.machine.processes import Process, command_line, record, recorded

# Says when it is ready, and does not end when asked to.
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as running:
        # Popen returns while the kernel is still exchanging the program.
        while not command_line(running.pid):
            time.sleep(0.01)
        yield running
        running.kill()


def test_a_process_is_found_by_its_record(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    process = Process.of(sleeper.pid)
    record(tmp_path / "pid", process)
    found = recorded(tmp_path / "pid")
    assert found == process
    assert found.alive()
    assert command_line(sleeper.pid) == "sleep 60"


def test_a_reused_number_is_another_process(sleeper: subprocess.Popen[bytes]) -> None:
    process = Process.of(sleeper.pid)
    assert not replace(process, started=process.started - 1).alive()
    assert not replace(process, boot="another boot").alive()


def test_end_waits_until_the_process_has_ended(sleeper: subprocess.Popen[bytes]) -> None:
    process = Process.of(sleeper.pid)
    process.end(timeout=5)
    assert not process.alive()
    process.end(timeout=5)


def test_a_process_that_does_not_end_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, start_new_session=True) as running:
        assert running.stdout
        running.stdout.readline()
        process = Process.of(running.pid)
        process.end(timeout=1)
        assert not process.alive()


@pytest.mark.parametrize("content", ["", "12", "{}", '{"pid": "x", "started": 1, "boot": ""}', "[]"])
def test_a_damaged_record_is_ignored(tmp_path: Path, content: str) -> None:
    (tmp_path / "pid").write_text(content)
    assert recorded(tmp_path / "pid") is None


def test_a_process_that_does_not_exist() -> None:
    with pytest.raises(ProcessLookupError):
        Process.of(2**22 + 1)
    assert Process.of(os.getpid()).alive()
