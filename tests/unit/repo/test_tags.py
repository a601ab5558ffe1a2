"""What a run with --tags or --skip-tags still does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.unit.repo.helpers import ROOT

RESOLVE = "release : Resolve the artifacts"


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


def test_a_roles_tag_is_not_that_of_a_whole_play() -> None:
    listed = tasks("--tags", "configure")
    assert "docker : Add accounts to the engine's group" in listed
    assert "docker : Install the engine" not in listed


def test_no_playbook_repeats_the_applications_directory() -> None:
    lines = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for file in [*ROOT.glob("playbooks/**/*.yml"), *ROOT.glob("playbooks/**/*.j2"), ROOT / "site.yml"]
        for line in file.read_text(encoding="utf-8").splitlines()
        if "/opt/backend" in line
    ]
    assert lines == [], "it is the default of the role release"


def test_every_role_is_given_the_applications_directory() -> None:
    defaults = {
        variable: str(value)
        for file in ROOT.glob("roles/*/defaults/main.yml")
        for variable, value in yaml.safe_load(file.read_text(encoding="utf-8")).items()
    }
    wanted = {name for name, value in defaults.items() if "/opt/backend" in value}
    assert wanted, "roles have the directory as a default"
    given = set()
    for file in ROOT.glob("playbooks/**/*.yml"):
        given |= set(re.findall(r"^\s*(\w+): .*slipway_dir", file.read_text(encoding="utf-8"), re.MULTILINE))
    assert wanted <= given
