"""The runner counts what the tools report, and never takes a crash for a success."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests import counts
from tests.counts import Counts
from tests.run import RED, YELLOW, lanes_of, times, verdict
from tests.stages import LONG_STAGES, STAGES, EndedError, Runner
from tests.unit.repo.helpers import ROOT

JUNIT = """<testsuites>
<testsuite name="a" tests="5" failures="1" errors="1" skipped="1"/>
<testsuite name="b" tests="2" failures="0" errors="0" skipped="0"/>
</testsuites>"""


def test_a_junit_file_is_counted_suite_by_suite(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_text(JUNIT, encoding="utf-8")
    assert counts.from_junit(path, 1) == Counts(passed=4, failed=2, skipped=1)


def test_a_run_that_dies_without_a_report_is_a_failure(tmp_path: Path) -> None:
    assert counts.from_junit(tmp_path / "none.xml", 4) == Counts(failed=1)


def test_a_run_that_fails_after_a_clean_report_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_text('<testsuite tests="3"/>', encoding="utf-8")
    assert counts.from_junit(path, 3) == Counts(passed=3, failed=1)


FAILED = """<testsuite tests="2" failures="1" errors="0" skipped="0">
<testcase classname="tests.a" name="test_well"/>
<testcase classname="tests.a" name="test_ill">
<failure message="AssertionError: exit code 2:&#10;page after page&#10;assert 2 == 0">def test_ill():
tests/a.py:7: AssertionError</failure>
</testcase></testsuite>"""


def test_a_failed_test_is_told_by_its_name_its_message_and_its_place(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_text(FAILED, encoding="utf-8")
    (told,) = (Counts(passed=1) + counts.from_junit(path, 1)).failures
    assert [line.strip() for line in told.splitlines()] == [
        "tests.a::test_ill",
        "AssertionError: exit code 2:",
        "assert 2 == 0",
        "tests/a.py:7: AssertionError",
    ]


@pytest.mark.parametrize(
    ("output", "code", "expected"),
    [
        ("Success! 12 passed, 0 failed.\n", 0, Counts(passed=12)),
        ("Failure! 3 passed, 1 failed, 2 skipped.\n", 1, Counts(3, 1, 2)),
        ("Error: Unsupported block type\n", 1, Counts(failed=1)),
    ],
)
def test_terraforms_summary_is_counted(output: str, code: int, expected: Counts) -> None:
    assert counts.from_terraform(output, code) == expected


def test_counts_add_up_and_read_plainly() -> None:
    assert str(Counts(1, 2, 3) + Counts(1, 0, 0)) == "2 passed, 2 failed, 3 skipped"


INTERRUPTED = """
from tests.stages import Runner
Runner("interrupted", live=True).run(["sh", "-c", "sleep 7261 & echo started; wait"])
"""


def test_an_interruption_ends_what_a_stage_has_started() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        while process.stdout.readline().strip() != "started":
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(30) != 0
        finally:
            process.kill()
    # What a shell runs in the background ignores Ctrl-C.
    processes = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert "sleep 7261" not in processes.splitlines()


def test_a_stage_that_is_ended_from_outside_runs_nothing_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tests.stages.LOGS", tmp_path)
    runner = Runner("ended", live=False)
    threading.Timer(0.5, runner.end).start()
    assert runner.run(["sleep", "7262"]) != 0
    with pytest.raises(EndedError):
        runner.run(["true"])


def test_a_stage_does_not_see_what_make_hands_on_to_a_verb(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tests.stages.LOGS", tmp_path)
    monkeypatch.setenv("SLIPWAY_GIVEN", "ENV")
    monkeypatch.setenv("SLIPWAY_GIVEN_ENV", "prod")
    monkeypatch.setenv("SLIPWAY_GOALS", "test")
    monkeypatch.setenv("SLIPWAY_OTHER", "kept")
    runner = Runner("environment", live=False)
    assert runner.run(["env"]) == 0
    seen = [line for line in runner.log.read_text().splitlines() if line.startswith("SLIPWAY_")]
    assert seen == ["SLIPWAY_OTHER=kept"]


def test_what_uses_the_main_sandbox_runs_beside_the_rest_where_there_are_processors() -> None:
    beside, main = lanes_of(STAGES, 4)
    assert {stage.sandbox for stage in beside} == {None, "test"}
    assert {stage.sandbox for stage in main} == {"main"}
    assert lanes_of(STAGES, 2) == [list(STAGES)]
    assert lanes_of(main, 4) == [main]


def test_an_unknown_stage_is_refused_with_the_names_there_are() -> None:
    done = subprocess.run(
        [sys.executable, "tests/run.py", "lnit"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "there is no stage lnit: choose from lint, unit" in done.stderr


def test_a_stage_that_was_interrupted_has_no_green_tick() -> None:
    assert verdict(Counts(), ended=True) == (YELLOW, "- interrupted after 0 passed, 0 failed, 0 skipped")
    assert verdict(Counts(passed=1, failed=1), ended=False) == (RED, "✗ 1 passed, 1 failed, 0 skipped")


def test_the_run_ends_with_the_time_of_each_stage() -> None:
    assert times({"lint": 61.4, "unit": 2.0}, 70.0)[1:] == [
        "  lint               61",
        "  unit                2",
        "  all                70",
    ]


def test_each_stage_is_explained_and_can_be_run_alone() -> None:
    page = (ROOT / "docs" / "tests.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for stage in (*STAGES, *LONG_STAGES):
        assert f"| `{stage.name}` |" in page
        assert f"\n{stage.name}: " in makefile
