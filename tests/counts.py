"""How many tests passed, failed and were skipped, read from what the tools report."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

# "Success! 12 passed, 0 failed." or "Failure! 3 passed, 1 failed, 2 skipped."
TERRAFORM_SUMMARY = re.compile(r"^(?:Success|Failure)! (\d+) passed, (\d+) failed(?:, (\d+) skipped)?", re.MULTILINE)


@dataclass(frozen=True)
class Counts:
    """A sum of test results."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

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
            counts += Counts(max(total - failed - skipped, 0), failed, skipped)
    return _at_least_one_failure(counts, code)


def from_terraform(output: str, code: int) -> Counts:
    """Count the summary lines of `terraform test`; a run that failed before its tests counts as one failure."""
    counts = Counts()
    for passed, failed, skipped in TERRAFORM_SUMMARY.findall(output):
        counts += Counts(int(passed), int(failed), int(skipped or 0))
    return _at_least_one_failure(counts, code)


def _at_least_one_failure(counts: Counts, code: int) -> Counts:
    return counts if code == 0 or counts.failed else counts + Counts(failed=1)
