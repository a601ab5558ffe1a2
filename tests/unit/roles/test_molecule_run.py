"""The runner of scenarios: which it runs, what it says, and how it ends."""

from __future__ import annotations

import importlib.util
import stat
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

SOURCE = Path(__file__).resolve().parents[3] / "molecule" / "run.py"

#: Stands for both programs that the runner calls: the sandbox, and Molecule for the scenarios "good" and "bad".
PYTHON = """#!/bin/sh
for last; do :; done
echo "called: $*" >> {calls}
case "$*" in
  *sandbox*) exit {sandbox} ;;
  *bad) echo "the assertion"; echo "An error occurred. Cleaning up."; echo "the host is gone"; exit 1 ;;
esac
"""

Make = Callable[[int], ModuleType]


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    return tmp_path / "calls"


@pytest.fixture
def make(tmp_path: Path, calls: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Load the runner for a checkout with two scenarios, with a stand-in for Python itself."""

    def load(sandbox_code: int) -> ModuleType:
        spec = importlib.util.spec_from_file_location("molecule_run", SOURCE)
        assert spec is not None
        assert spec.loader is not None
        runner = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "molecule_run", runner)
        spec.loader.exec_module(runner)
        for name in ("good", "bad"):
            (tmp_path / "molecule" / name).mkdir(parents=True)
            (tmp_path / "molecule" / name / "molecule.yml").touch()
        python = tmp_path / "python"
        python.write_text(PYTHON.format(calls=calls, sandbox=sandbox_code), encoding="utf-8")
        python.chmod(python.stat().st_mode | stat.S_IEXEC)
        monkeypatch.setattr(runner, "ROOT", tmp_path)
        monkeypatch.setattr(runner, "SCENARIOS", tmp_path / "molecule")
        monkeypatch.setattr(runner, "WORK", tmp_path / "work")
        monkeypatch.setattr(sys, "executable", str(python))
        return runner

    return load


def test_all_scenarios_run_and_are_counted(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    assert make(0).main([]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "1 passed, 1 failed"
    assert any(line.startswith("  ✓ good  ") for line in lines)
    assert any(line.startswith("  ✗ bad  ") for line in lines)


def test_a_failure_shows_its_log_up_to_the_cleaning(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    make(0).main(["bad"])
    said = capsys.readouterr().out
    assert "      the assertion\n" in said
    assert "the host is gone" not in said
    assert "all of it: work/bad.log" in said


def test_success_is_exit_code_0(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    assert make(0).main(["good"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 passed, 0 failed"


def test_nothing_runs_without_the_sandbox(make: Make, calls: Path) -> None:
    assert make(1).main([]) == 1
    assert len(calls.read_text(encoding="utf-8").splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["unknown"], "no scenario is called unknown: choose from bad, good"),
        (["--parallel", "0"], "--parallel needs at least 1"),
    ],
)
def test_wrong_arguments_start_nothing(
    make: Make, calls: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        make(0).main(arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
    assert not calls.exists()


def test_junit_tells_the_same(make: Make, tmp_path: Path) -> None:
    file = tmp_path / "junit.xml"
    make(0).main(["--junitxml", str(file)])
    suite = ElementTree.parse(file).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert {case.get("name") for case in suite if case.find("failure") is not None} == {"bad"}


SCENARIO = """
provisioner:
  inventory:
    group_vars:
      all:
        scenario_before: [{before}]
        scenario_debian: {debian}
"""


def test_machine_images_are_made_where_two_scenarios_begin_with_them(make: Make, tmp_path: Path) -> None:
    runner = make(0)
    for name, before, debian in (("a", "base", 12), ("b", "base, python", 12), ("c", "base", 13), ("d", "", 13)):
        (tmp_path / "molecule" / name).mkdir()
        text = SCENARIO.format(before=before, debian=debian)
        (tmp_path / "molecule" / name / "molecule.yml").write_text(text, encoding="utf-8")
    assert runner.releases_of(["a", "b", "c", "d"]) == [12]
    assert runner.releases_of(["a", "c", "d"]) == []
