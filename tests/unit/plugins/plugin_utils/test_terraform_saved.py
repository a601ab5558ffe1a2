"""What one terminal has shown is what it applies, whatever another terminal plans in between."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.plugin_utils._terraform_cli import Stack, Terraform, TerraformError
from ansible_collections.slipway.fastapi.plugins.plugin_utils._terraform_saved import (
    SavedPlan,
    SavedPlanError,
    new_file,
)

# Both processes live as long as the test does.
FIRST, SECOND = os.getpid(), os.getppid()
# Above the greatest that Linux gives (proc(5), pid_max).
ENDED = 2**22 + 1
# Writes what PLANNED says into the plan's file, shows it, and notes what it applies.
TERRAFORM = """#!/bin/sh
case "$1" in
  plan)
    for argument; do case "$argument" in -out=*) out="${argument#-out=}";; esac; done
    printf '%s' "$PLANNED" > "$out"
    [ -n "$PLANNED" ] && echo '{"type": "change_summary", "changes": {"add": 1}}'
    exit 0;;
  show)
    address="$(cat "$3")"
    printf '{"resource_changes": [{"address": "%s", "change": {"actions": ["%s"]}}]}' "${address#* }" "${address% *}";;
  apply)
    for file; do :; done
    cat "$file" >> "$APPLIED"
    [ -z "$STALE" ] || { printf '%s\\n' "$STALE"; exit 1; };;
esac
"""


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    (tmp_path / "root").mkdir()
    return Stack(tmp_path / "root", tmp_path / "work", tmp_path / "backend.hcl", "dev/x.tfstate", (), {})


@pytest.fixture
def applied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A terraform on PATH, and the file in which it notes what it applies."""
    program = tmp_path / "bin" / "terraform"
    program.parent.mkdir()
    program.write_text(TERRAFORM)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("APPLIED", str(tmp_path / "applied"))
    monkeypatch.setenv("STALE", "")
    return tmp_path / "applied"


Plan = Callable[[int, str], tuple[Terraform, SavedPlan]]


@pytest.fixture
def plan(stack: Stack, applied: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Plans in the terminal of a process."""

    def in_terminal(process: int, what: str) -> tuple[Terraform, SavedPlan]:
        monkeypatch.setenv("PLANNED", what)
        terraform = Terraform(stack, show=lambda text: None, run=process)
        summary, saved = terraform.plan()
        assert saved is not None
        assert len(summary.lines) == 1
        return terraform, saved

    return in_terminal


def test_a_plan_of_another_terminal_is_not_applied(plan: Plan, applied: Path) -> None:
    """The first shows an update and waits for its answer; the second plans a removal, and declines it."""
    first, shown = plan(FIRST, "update aws_instance.this")
    plan(SECOND, "delete aws_db_instance.this")
    first.apply(shown)
    assert applied.read_text() == "update aws_instance.this"


def test_a_file_that_has_changed_is_not_applied(plan: Plan, applied: Path) -> None:
    terraform, shown = plan(FIRST, "update aws_instance.this")
    shown.path.write_text("delete aws_db_instance.this")
    with pytest.raises(
        TerraformError, match=r"^Nothing was changed: .* is not the one that was shown\. Run this again\.$"
    ):
        terraform.apply(shown)
    assert not applied.exists()


def test_a_file_that_is_gone_is_named(plan: Plan, applied: Path) -> None:
    terraform, shown = plan(FIRST, "update aws_instance.this")
    shown.remove()
    with pytest.raises(
        TerraformError, match=rf"^Nothing was changed: .* no longer in {shown.path}\. Run this again\.$"
    ):
        terraform.apply(shown)
    assert not applied.exists()


def test_a_state_that_has_changed_since_is_told_with_the_fix(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Terraform itself refuses the plan then."""
    terraform, shown = plan(FIRST, "update aws_instance.this")
    diagnostic = {"severity": "error", "summary": "Saved plan is stale", "detail": "The state was changed."}
    monkeypatch.setenv("STALE", json.dumps({"type": "diagnostic", "diagnostic": diagnostic}))
    with pytest.raises(TerraformError, match=r"another run came in between\. Run this again\.$"):
        terraform.apply(shown)


def test_a_plan_that_was_applied_is_deleted(plan: Plan, stack: Stack) -> None:
    terraform, shown = plan(FIRST, "update aws_instance.this")
    terraform.apply(shown)
    assert list(stack.plans.iterdir()) == []


def test_a_plan_of_nothing_leaves_no_file(stack: Stack, applied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANNED", "")
    summary, saved = Terraform(stack, show=lambda text: None).plan()
    assert (summary.empty, saved, list(stack.plans.iterdir())) == (True, None, [])


def test_plans_of_runs_that_have_ended_are_deleted(tmp_path: Path) -> None:
    killed, foreign = tmp_path / f"{ENDED}-abc.tfplan", tmp_path / "old.tfplan"
    for path in (killed, foreign):
        path.write_text("")
    waiting = new_file(tmp_path, SECOND)
    mine = new_file(tmp_path, FIRST)
    assert set(tmp_path.iterdir()) == {waiting, mine}


def test_only_the_owner_reads_a_plan(tmp_path: Path) -> None:
    """It has values of the state in clear text."""
    path = new_file(tmp_path / "plans", FIRST)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_same_bytes_are_the_same_plan(tmp_path: Path) -> None:
    path = tmp_path / "1.tfplan"
    path.write_bytes(b"one")
    saved = SavedPlan.of(path)
    saved.check()
    path.write_bytes(b"two")
    with pytest.raises(SavedPlanError):
        saved.check()
