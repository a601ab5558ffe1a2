"""The Makefile explains itself and refuses what it does not know."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from slipway.cli import program
from slipway.launch.commands import COMMANDS
from tests.unit.repo.helpers import ROOT, make_targets

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
# What only other targets use.
INTERNAL = {"venv", "ready"}
PROMISED = {
    *(
        "site",
        "test",
        "lint",
        "unit",
        "app-test",
        "terraform-test",
        "aws-rules",
        "molecule",
        "integration",
        "e2e",
        "test-long",
        "faults",
    ),
    *("bootstrap", "init", "plan", "apply", "deploy", "destroy", "publish", "env-push", "ssh"),
    *("status", "releases", "logs", "shell", "run", "env-diff", "doctor"),
    *("health", "sandbox-up", "sandbox-down", "collection", "docs", "clean", "help"),
}


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make as a person does, whatever make runs this test."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_makefile_names_no_variable_of_its_command_line() -> None:
    """What make expands it may run: tests/unit/repo/test_makefile_values.py has the attacks."""
    assert [name for name in arguments() if f"$({name})" in MAKEFILE or f"${{{name}}}" in MAKEFILE] == []


def arguments() -> list[str]:
    """The variables that the Makefile takes from its command line."""
    return listed("arguments")


def listed(name: str) -> list[str]:
    """A list that the Makefile has under a name of its own."""
    (line,) = re.findall(rf"^{name} := (.*)$", MAKEFILE, re.MULTILINE)
    return list(line.split())


def test_make_alone_prints_the_help() -> None:
    assert make().stdout == make("help").stdout != ""


def test_the_help_lists_every_target() -> None:
    phony: set[str] = set()
    for name in " ".join(re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)).split():
        phony |= set(listed(name[2:-1])) if name.startswith("$(") else {name}
    shown = set(re.findall(r"^  ([a-z0-9-]+) ", make().stdout, re.MULTILINE))
    assert shown == phony - INTERNAL
    assert shown >= PROMISED


def test_every_command_of_the_program_is_a_target() -> None:
    assert set(listed("commands")) == set(COMMANDS)


def test_the_program_and_make_offer_the_same_commands() -> None:
    """Stages of tests are arguments of `slipway test`, and a few targets are only make's."""
    stages = {*listed("stages"), *listed("long_stages")}
    only_make = {"help", "venv", "ready", "lock", "changelog", "docs-site", "clean", "test-long", *stages}
    assert make_targets() - only_make == set(program().commands) - {"aws-rules", "completion"}


def test_the_help_names_environments_and_blueprints() -> None:
    shown = make().stdout
    assert re.search(r"^Environments: .*\bsandbox\b", shown, re.MULTILINE)
    assert re.search(r"^Blueprints: .*\blocation-content\b", shown, re.MULTILINE)


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("ENV=staging", "There is no environment 'staging'"),
        ("BLUEPRINT=unheard-of", "There is no blueprint 'unheard-of'"),
    ],
)
def test_an_unknown_environment_or_blueprint_stops_before_anything(argument: str, told: str) -> None:
    done = make("deploy", argument)
    assert done.returncode != 0
    assert told in done.stderr
    assert "Choose one" in done.stderr
    assert done.stdout == ""


def test_what_a_target_does_first_leaves_its_output_to_programs() -> None:
    done = make("venv")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Python packages" in done.stderr


def test_a_word_of_maintenance_is_no_target() -> None:
    assert "No rule to make target" in make("ON").stderr
