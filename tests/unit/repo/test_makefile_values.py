"""What a person writes on make's command line reaches the programs as it is, and neither make nor a shell runs a part.

In the place of `python3` stands a program that prints what it is given.
What follows: tests/unit/slipway/launch/test_commands.py.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.repo.helpers import ROOT, text_of

ARGUMENTS, COMMANDS = (
    line.split() for line in re.findall(r"^(?:arguments|commands) := (.*)$", text_of(ROOT / "Makefile"), re.MULTILINE)
)
VALUES = [name for name in ARGUMENTS if name != "PYTHON"]
# Each of them ran or broke something, where the Makefile put it into a recipe. %s stands for the file that they make.
ATTACKS = (
    "x'; touch %s; echo '",
    'x"; touch %s; echo "',
    "$(shell touch %s)",
    "$(touch %s)",
    "${shell touch %s}",
    "`touch %s`",
    "x; touch %s",
    "x\ntouch %s",
    "it's",
    'x"y',
    "{{ lookup('pipe', 'touch %s') }}",
    "--vault-password-file=%s",
    "$HOME $(HOME) $$HOME #",
    "%%s%%n",
    "\\",
    "\u202e\U0001f600\x7f",
    "",
)


class Make:
    """Runs the project's Makefile with a `python3` that prints its arguments and what it is given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pwned = folder / "PWNED"
        program = folder / "python3"
        program.write_text(
            f"#!{sys.executable} -ISs\n"
            "import json, os, sys\n"
            "print(json.dumps([sys.argv[1:], {k: v for k, v in os.environ.items() if k.startswith('SLIPWAY_')}]))\n"
        )
        program.chmod(0o755)

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run make as a person does, whatever make runs this test."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "SLIPWAY"))}
        path = f"{self.folder}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["make", "--no-print-directory", *arguments],
            cwd=ROOT,
            env=kept | environment | {"PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    def given(self, *arguments: str, **environment: str) -> tuple[list[str], dict[str, str]]:
        """What the last program is called with: its arguments, and the values of the command line."""
        done = self(*arguments, **environment)
        assert done.returncode == 0, done.stderr
        argv, found = json.loads(done.stdout.splitlines()[-1])
        return argv, {name: found[f"SLIPWAY_GIVEN_{name}"] for name in found["SLIPWAY_GIVEN"].split()}


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return Make(tmp_path)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_value_arrives_as_it_is_and_is_not_run(make: Make, attack: str) -> None:
    value = attack % make.pwned if "%s" in attack.replace("%%", "") else attack
    argv, values = make.given("deploy", *(f"{name}={value}" for name in VALUES))
    assert argv == ["-m", "slipway.launch.make", "deploy"]
    assert values == dict.fromkeys(VALUES, value)
    assert not make.pwned.exists()


def test_no_target_runs_a_value(make: Make) -> None:
    attack = f"x'; touch {make.pwned}; echo '$(shell touch {make.pwned})"
    done = make(*COMMANDS, *(f"{name}={attack}" for name in VALUES))
    called: list[Any] = [json.loads(line) for line in done.stdout.splitlines()]
    assert [argv for argv, _ in called] == [["-m", "slipway.launch.make", command] for command in COMMANDS]
    assert all(given[f"SLIPWAY_GIVEN_{name}"] == attack for _, given in called for name in VALUES)
    assert len(COMMANDS) > 20
    assert not make.pwned.exists()


@pytest.mark.parametrize("variable", ["UNHEARD_OF", "PYTHON"])
def test_no_variable_is_expanded_by_make(make: Make, variable: str) -> None:
    make("status", f"{variable}=$(shell touch {make.pwned})")
    assert not make.pwned.exists()


@pytest.mark.parametrize("goal", ["x;touch %s", "$(shell touch %s)", "`touch %s`"])
def test_a_goal_beside_maintenance_is_not_run(make: Make, goal: str) -> None:
    done = make("maintenance", goal % make.pwned)
    assert json.loads(done.stdout)[1]["SLIPWAY_GOALS"] == goal % make.pwned
    assert not make.pwned.exists()


def test_only_the_command_line_counts(make: Make) -> None:
    shell = dict.fromkeys(VALUES, f"$(shell touch {make.pwned})")
    assert make.given("deploy", "TO=2", **shell) == (["-m", "slipway.launch.make", "deploy"], {"TO": "2"})
    assert not make.pwned.exists()


def test_another_python_is_chosen_on_the_command_line_only(make: Make) -> None:
    assert make.given("status", PYTHON="/nonexistent/python")[1] == {}
    assert "/nonexistent/py thon" in make("status", "PYTHON=/nonexistent/py thon").stderr
