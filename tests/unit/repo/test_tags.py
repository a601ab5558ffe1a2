"""What a run with --tags or --skip-tags still does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.repo.helpers import ROOT

RESOLVE = "Resolve the artifact"


def tasks(*options: str) -> str:
    argv = [str(Path(sys.executable).parent / "ansible-playbook"), "site.yml", "--list-tasks", *options]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    "options", [("--skip-tags", "verify"), ("--skip-tags", "release"), ("--tags", "release"), ("--tags", "verify")]
)
def test_the_target_is_resolved_for_whoever_is_left(options: tuple[str, str]) -> None:
    assert RESOLVE in tasks(*options)


def test_the_target_is_not_resolved_for_nobody() -> None:
    assert RESOLVE not in tasks("--tags", "configure")
