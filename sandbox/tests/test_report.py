"""The progress that a command shows."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.report import Report

ROOT = Path(__file__).resolve().parents[2]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_step_is_one_line_with_its_seconds() -> None:
    output = io.StringIO()
    with Report(output).step("first words") as step:
        step.progress("not for a file")
        step.text = "last words"
    assert re.fullmatch(r"  ✓ last words  \d+\.\ds\n", output.getvalue())


def test_a_step_that_fails_leaves_no_line() -> None:
    output = io.StringIO()
    with pytest.raises(ValueError, match="broken"), Report(output).step("never done"):
        raise ValueError("broken")
    assert output.getvalue() == ""


def test_a_skipped_step_leaves_no_line() -> None:
    output = io.StringIO()
    with Report(output).step("quiet") as step:
        step.skip()
    assert output.getvalue() == ""


def test_a_terminal_shows_progress_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    output = Terminal()
    with Report(output).step("step") as step:
        step.progress("x" * 200)
    shown = output.getvalue()
    assert shown.count("\n") == 1
    assert max(len(part) for part in shown.split("\r")) < 40


def test_a_terminal_without_utf_8_still_gets_its_lines() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    with Report(stream).step("done"):
        pass
    assert raw.getvalue().startswith(b"  ? done")


def test_work_continues_when_the_reader_ends(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from sandbox.report import Report\n"
        "report = Report()\n"
        "for _ in range(3):\n"
        "    with report.step('step'): pass\n"
        "open(sys.argv[1], 'w').close()\n"
    )
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as output:
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "end")],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "end").exists()
