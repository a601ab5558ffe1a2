"""How many tests passed, failed and were skipped, read from what the tools report."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

# "Success! 12 passed, 0 failed." or "Failure! 3 passed, 1 failed, 2 skipped."
TERRAFORM_SUMMARY = re.compile(r"^(?:Success|Failure)! (\d+) passed, (\d+) failed(?:, (\d+) skipped)?", re.MULTILINE)

#: What JUnit calls a test that failed, and one whose preparation or cleaning up did.
ENDS = ("failure", "error")
LINE_LENGTH = 300


@dataclass(frozen=True)
class Counts:
    """A sum of test results. `failures` tells in a few lines each what failed, as far as a tool names it."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: tuple[str, ...] = ()

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.failures + other.failures,
        )

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def from_exit_code(code: int) -> Counts:
    """Count a check that only passes or fails."""
    return Counts(passed=1) if code == 0 else Counts(failed=1)


def from_junit(path: Path, code: int) -> Counts:
    """Count a JUnit file; a run that failed without telling of a failed test counts as one failure."""
    counts = Counts()
    if path.is_file():
        for suite in ElementTree.parse(path).getroot().iter("testsuite"):
            total, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
            failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            failures = tuple(_told(case, end) for case in suite.iter("testcase") for end in case if end.tag in ENDS)
            counts += Counts(max(total - failed - skipped, 0), failed, skipped, failures)
    return _at_least_one_failure(counts, code)


def from_terraform(output: str, code: int) -> Counts:
    """Count the summary lines of `terraform test`; a run that failed before its tests counts as one failure."""
    counts = Counts()
    for passed, failed, skipped in TERRAFORM_SUMMARY.findall(output):
        counts += Counts(int(passed), int(failed), int(skipped or 0))
    return _at_least_one_failure(counts, code)


def _told(case: Element, end: Element) -> str:
    """Name the test, what it says at its beginning, which may go on for pages, and where that was."""
    said = (end.get("message") or "").strip().splitlines() or ["no message"]
    places = (end.text or "").strip().splitlines() or ["no place"]
    lines = [f"{case.get('classname')}::{case.get('name')}", said[0], *(said[1:][-1:]), places[-1]]
    return "\n    ".join(line.strip()[:LINE_LENGTH] for line in lines)


def _at_least_one_failure(counts: Counts, code: int) -> Counts:
    return counts if code == 0 or counts.failed else counts + Counts(failed=1)
