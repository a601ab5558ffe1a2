"""The Makefile explains itself and refuses what it does not know."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.unit.repo.helpers import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
# What only other targets use.
INTERNAL = {"checked", "venv", "ready"}
PROMISED = {
    *("site", "test", "lint", "unit", "app-test", "terraform-test", "molecule", "integration", "e2e"),
    *("bootstrap", "init", "plan", "apply", "deploy", "destroy", "publish", "env-push", "ssh"),
    *("status", "releases", "logs", "shell", "run", "env-diff", "doctor"),
    *("health", "sandbox-up", "sandbox-down", "collection", "docs", "clean", "help"),
}


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make as a person does, whatever make runs this test."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "ENV"}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_make_alone_prints_the_help() -> None:
    assert make().stdout == make("help").stdout != ""


def test_the_help_lists_every_target() -> None:
    phony = {name for line in re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE) for name in line.split()}
    shown = set(re.findall(r"^  ([a-z0-9-]+) ", make().stdout, re.MULTILINE))
    assert shown == phony - INTERNAL
    assert shown >= PROMISED


def test_the_help_names_environments_and_blueprints() -> None:
    shown = make().stdout
    assert re.search(r"^Environments: .*\bsandbox\b", shown, re.MULTILINE)
    assert re.search(r"^Blueprints: .*\blocation-content\b", shown, re.MULTILINE)


@pytest.mark.parametrize(
    "target",
    [
        *("site", "bootstrap", "init", "plan", "apply", "deploy", "destroy"),
        *("publish", "env-push", "verify", "ssh", "health"),
        *("status", "releases", "logs", "shell", "run", "env-diff"),
    ],
)
@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("ENV=staging", "There is no environment 'staging'"),
        ("BLUEPRINT=unheard-of", "There is no blueprint 'unheard-of'"),
    ],
)
def test_an_unknown_environment_or_blueprint_stops_before_anything(target: str, argument: str, told: str) -> None:
    done = make(target, argument)
    assert done.returncode != 0
    assert told in done.stderr
    assert "Choose one" in done.stderr
    assert done.stdout == ""


def test_what_a_target_does_first_leaves_its_output_to_programs() -> None:
    done = make("venv")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Python packages" in done.stderr


def test_publishing_nothing_in_particular_is_refused() -> None:
    done = make("publish")
    assert done.returncode != 0
    assert "make publish APP=./dir" in done.stderr


def test_a_path_with_a_space_stays_one_path() -> None:
    recipe = make("-n", "publish", "APP=./my app").stdout.splitlines()[-1]
    values = recipe[recipe.index("$(printf") : recipe.rindex('"')]
    shown = subprocess.run(
        ["bash", "-c", f'echo "{values}"'], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert shown == f'{{"dir": "{ROOT}/my app"}}\n'


@pytest.mark.parametrize("repository", ["git@git.example.com:team/x.git", "{tmp}/my repository"])
def test_a_commit_of_a_repository_is_passed_on(tmp_path: Path, repository: str) -> None:
    (tmp_path / "my repository").mkdir()
    where = repository.format(tmp=tmp_path)
    done = make("-n", "publish", f"GIT={where}", "COMMIT=" + "0" * 40, "APP=backend", "MODULE=api:app")
    recipe = done.stdout[done.stdout.index("playbooks/publish.yml") :]
    assert "-e 'publish_app=api:app'" in recipe
    values = recipe[recipe.index("$(printf") : recipe.index('" -e ')].replace("\\\n", " ")
    shown = subprocess.run(["bash", "-c", f'echo "{values}"'], cwd=ROOT, capture_output=True, text=True, check=True)
    told = {"artifact_repository": where, "artifact_commit": "0" * 40, "artifact_path": "backend"}
    assert json.loads(shown.stdout) == told


@pytest.mark.parametrize("words", [[], ["PERHAPS"], ["ON", "OFF"], ["STATE=1"]])
def test_maintenance_begins_or_ends_and_nothing_else(words: list[str]) -> None:
    done = make("maintenance", *words)
    assert done.returncode != 0
    assert "make maintenance ON, or make maintenance OFF" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("words", [["maintenance", "ON"], ["ON", "maintenance"], ["maintenance", "STATE=ON"]])
def test_the_word_of_maintenance_is_passed_on(words: list[str]) -> None:
    done = make("-n", *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert """playbooks/maintenance.yml -e '{"maintenance": "ON"}'""" in done.stdout


def test_a_word_of_maintenance_is_no_target() -> None:
    assert "No rule to make target" in make("ON").stderr
