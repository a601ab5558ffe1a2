"""The output that a person sees: real plays, real text."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
PLAY = """
- name: Harbour
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Say something
      ansible.builtin.debug: {msg: [first line, second line]}
    - name: Say something of each
      ansible.builtin.debug: {msg: "of {{ item }}"}
      loop: [one, two]
    - name: Change something
      ansible.builtin.command: "true"
    - name: Change nothing
      ansible.builtin.command: "true"
      changed_when: false
    - name: Leave something out
      ansible.builtin.command: "true"
      when: false
    - name: Fail with a reason
      ansible.builtin.fail: {msg: "It broke.\\nMend it so."}
      when: broken | default(false) | bool
    - name: Judge
      ansible.builtin.command: "true"
      failed_when: judged
      when: judged is defined
    - name: Take long
      ansible.builtin.command: "sleep 1"
      when: long | default(false) | bool
    - name: Be done at once
      ansible.builtin.debug: {msg: after it}
- name: Empty
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Leave this out too
      ansible.builtin.command: "true"
      when: false
"""


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    play = folder / "play.yml"
    play.write_text(PLAY)
    program = str(Path(sys.executable).parent / "ansible-playbook")
    here = ["-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}"]
    return subprocess.run(
        [program, *here, str(play), *arguments],
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_line_for_each_step_and_none_for_what_did_not_happen(tmp_path: Path) -> None:
    shown = [line for line in run(tmp_path).stdout.splitlines() if line.strip()]
    assert shown[0] == "Harbour"
    assert shown[1:5] == ["first line", "second line", "of one", "of two"]
    assert shown[5].startswith("  ~ Change something  ")
    assert shown[6].startswith("  ✓ Change nothing  ")
    assert not [line for line in shown if "Leave" in line or line == "Empty"]


def test_what_takes_long_is_named_while_it_runs_and_nothing_else_is(tmp_path: Path) -> None:
    patient = run(tmp_path, "-e", "long=true")
    assert " so far" not in patient.stderr
    done = run(tmp_path, "-e", "long=true", SLIPWAY_PROGRESS_SECONDS="0.3")
    told = [line for line in done.stderr.splitlines() if line.endswith("s so far")]
    assert done.returncode == 0
    assert told
    assert {line.partition("  ")[2].partition("  ")[0] for line in told} >= {"… Take long"}
    assert not [line for line in told if "Leave" in line or "Say" in line]


def test_the_end_says_what_was_changed(tmp_path: Path) -> None:
    assert run(tmp_path).stdout.rstrip().endswith("Changed: localhost (1)")


def test_a_failure_is_its_message_as_text(tmp_path: Path) -> None:
    done = run(tmp_path, "-e", "broken=true")
    assert done.returncode == 2
    assert "  ✗ Fail with a reason" in done.stderr
    assert done.stderr.rstrip().endswith("    It broke.\n    Mend it so.")
    assert "Nothing was changed" not in done.stdout


@pytest.mark.parametrize(("judged", "told"), [("true", []), ('"{{"', ["template"])], ids=["failed", "cannot be judged"])
def test_a_failure_without_a_message_is_not_told_as_unknown(tmp_path: Path, judged: str, told: list[str]) -> None:
    done = run(tmp_path, "-e", f'{{"judged": {judged}}}')
    assert done.returncode == 2
    assert "✗ Judge" in done.stderr
    assert "Unknown error" not in done.stderr
    for word in told:
        assert word in done.stderr


@pytest.mark.parametrize("more", ["-v", "-vvv"])
def test_with_more_verbosity_it_is_ansibles_own_output(tmp_path: Path, more: str) -> None:
    assert "TASK [Change something]" in run(tmp_path, more).stdout
