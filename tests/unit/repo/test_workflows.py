"""GitHub's workflows and templates fit their schemas, call what exists, and take no more rights than they need."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.stages import LONG_STAGES
from tests.unit.repo.helpers import ROOT, make_targets, yaml_of

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
SCHEMAS: dict[str, list[Path]] = {
    "vendor.github-workflows": WORKFLOWS,
    "vendor.github-issue-forms": sorted((GITHUB / "ISSUE_TEMPLATE").glob("[!c]*.yml")),
    "vendor.github-issue-config": [GITHUB / "ISSUE_TEMPLATE" / "config.yml"],
    "vendor.dependabot": [GITHUB / "dependabot.yml"],
}
# A commit, and the release that it is as a comment, which Dependabot updates too.
PINNED = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+$")
CALL_OF_MAKE = re.compile(r"\bmake ((?:[a-z][a-z0-9-]* ?)+)")


def problems(schema: str, *files: Path) -> str:
    """What check-jsonschema finds; nothing if the files fit the schema."""
    command = [str(Path(sys.executable).with_name("check-jsonschema")), "--builtin-schema", schema, "--color", "never"]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def jobs() -> list[Any]:
    """Every job of every workflow, with its name in the test's report."""
    return [
        pytest.param(workflow, job, id=f"{path.stem}-{name}")
        for path in WORKFLOWS
        for workflow in [yaml_of(path)]
        for name, job in workflow["jobs"].items()
    ]


def scripts(job: dict[str, Any]) -> list[str]:
    """The commands of a job, once for each combination of its matrix."""
    matrix: dict[str, list[str]] = job.get("strategy", {}).get("matrix", {})
    found = []
    for values in itertools.product(*matrix.values()):
        text = json.dumps([step for step in job["steps"] if "run" in step])
        for name, value in zip(matrix, values, strict=True):
            text = text.replace(f"${{{{ matrix.{name} }}}}", value)
        for step in json.loads(text):
            script = step["run"]
            for name, value in step.get("env", {}).items():
                script = script.replace(f'"${name}"', value)
            found.append(script)
    return found


@pytest.mark.parametrize("schema", SCHEMAS)
def test_the_files_fit_their_schema(schema: str) -> None:
    assert SCHEMAS[schema]
    assert problems(schema, *SCHEMAS[schema]) == ""


def test_a_planted_fault_in_a_workflow_is_found(tmp_path: Path) -> None:
    text = (GITHUB / "workflows" / "ci.yml").read_text(encoding="utf-8")
    planted = tmp_path / "ci.yml"
    planted.write_text(text.replace("runs-on:", "run-on:", 1), encoding="utf-8")
    assert "run-on" in problems("vendor.github-workflows", planted)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_commit(path: Path) -> None:
    used = re.findall(r"^\s*(?:- )?uses: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert used
    assert [action for action in used if not PINNED.match(action)] == []


def test_one_action_has_one_version() -> None:
    used = {
        action
        for path in WORKFLOWS
        for action in re.findall(r"uses: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len({action.split("@")[0] for action in used}) == len(used)


@pytest.mark.parametrize(("workflow", "job"), jobs())
def test_every_target_of_make_exists(workflow: dict[str, Any], job: dict[str, Any]) -> None:
    called = scripts(job)
    if any("bash .ci/run" in script for script in called):
        called.append((ROOT / ".ci" / "run").read_text(encoding="utf-8").partition("exec ")[2])
    goals = {goal for script in called for call in CALL_OF_MAKE.findall(script) for goal in call.split()}
    assert goals, "the job runs nothing of the Makefile"
    assert goals - make_targets() == set()


@pytest.mark.parametrize(("workflow", "job"), jobs())
def test_no_job_has_more_rights_than_it_needs(workflow: dict[str, Any], job: dict[str, Any]) -> None:
    rights = workflow["permissions"] | job.get("permissions", {})
    # A job that can become somebody in AWS runs in a GitHub environment, where prod has its reviewers.
    assert rights == ({"contents": "read", "id-token": "write"} if "environment" in job else {"contents": "read"})
    assert "timeout-minutes" in job
    checkouts = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False]


@pytest.mark.parametrize(("workflow", "job"), jobs())
def test_no_expression_becomes_a_part_of_a_script(workflow: dict[str, Any], job: dict[str, Any]) -> None:
    assert [step["run"] for step in job["steps"] if "${{" in step.get("run", "")] == []


def test_the_nightly_run_has_every_long_stage() -> None:
    matrix = yaml_of(GITHUB / "workflows" / "nightly.yml")["jobs"]["long"]["strategy"]["matrix"]
    assert matrix["stage"] == [stage.name for stage in LONG_STAGES]
