"""The release of a process, and files that are newer than it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.process import (
    newer_files,
    release_of,
    variable_of,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._system.systemd import Unit

NEW = "aaaaaaaaaaaa-00000000"
UNIT = Unit(load="loaded", active="active", pid=10, enabled=True, started=1000.0)


def test_files_that_are_newer_than_the_process(tmp_path: Path) -> None:
    moments = {"old": 900, "new": 1100, "from the future": 9000}
    for name, moment in moments.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (moment, moment))
    unit = replace(UNIT, files=(tmp_path / "old", tmp_path / "new", tmp_path / "gone"))
    expected = [f"{tmp_path}/new is newer than the process"]
    assert newer_files(unit, [tmp_path / "from the future"], now=2000) == expected
    assert newer_files(replace(unit, started=None), [], now=2000) == []


def test_the_release_of_a_process_is_in_its_environment() -> None:
    assert variable_of(b"A=1\0SLIPWAY_RELEASE=r1\0B=2\0") == "r1"
    assert variable_of(b"A=SLIPWAY_RELEASE=r1\0NOT_SLIPWAY_RELEASE=r2\0") is None


def test_the_release_of_a_process_that_runs() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(["/bin/cat"], env={"SLIPWAY_RELEASE": NEW}, stdin=pipe, stdout=pipe, bufsize=0) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        # Its environment is in place when it answers: a process that has only been forked has none.
        process.stdin.write(b"ready\n")
        assert process.stdout.readline() == b"ready\n"
        assert release_of(process.pid) == NEW
        process.communicate()
    assert release_of(process.pid) is None, "it has ended"
    assert release_of(0) is None, "there is none"
