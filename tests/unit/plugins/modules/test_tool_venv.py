"""Slipway's own environment: equal to its lock, repaired when it is not, and never lost on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._virtualenv.installed import Environment
from ansible_collections.slipway.fastapi.plugins.modules.tool_venv import compare

from tests.unit.plugins.running import MODULES, Runner, environment, six_steps
from tests.unit.plugins.wheels import make_wheel


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    return tmp_path / "wheels"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "opt" / "venv"


@pytest.fixture
def runner(path: Path, wheels: Path) -> Runner:
    return make_runner(path, wheels)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> tuple[Runner, Path, Path]:
    """An environment that equals its lock, for tests that leave it so; its runner, its path, its wheels."""
    folder = tmp_path_factory.mktemp("ready")
    made = make_runner(folder / "opt" / "venv", folder / "wheels")
    made.run()
    return made, folder / "opt" / "venv", folder / "wheels"


def make_runner(path: Path, wheels: Path) -> Runner:
    options = {"path": str(path), "requirements": make_wheel(wheels, "one", "1.0"), "python": sys.executable}
    return Runner("tool_venv", options, {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)})


def version(path: Path, name: str) -> str:
    code = f"import {name}; print({name}.VERSION)"
    return subprocess.run(
        [str(path / "bin/python"), "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_six_steps(runner: Runner, path: Path, wheels: Path) -> None:
    (path.parent / "venv-precious").mkdir(parents=True)
    first = six_steps(runner, {"requirements": make_wheel(wheels, "one", "2.0") + make_wheel(wheels, "two", "1.0")})
    assert first["packages"]["one"] == "1.0"
    assert (version(path, "one"), version(path, "two")) == ("2.0", "1.0")
    assert path.is_symlink()
    assert {entry.name for entry in path.parent.iterdir()} == {"venv", path.resolve().name, "venv-precious"}


def test_check_mode_makes_nothing_and_needs_no_interpreter(runner: Runner, path: Path) -> None:
    result = runner.check(python="/nonexistent/python")
    assert (result["changed"], result["python"], result["packages"]) == (True, "", {})
    assert not path.parent.exists()


def test_damage_is_named_and_repaired(ready: tuple[Runner, Path, Path]) -> None:
    runner, path, _ = ready
    next(path.glob("lib/python*/site-packages/one.py")).unlink()
    result = runner.run()
    assert (result["diff"]["before"], result["diff"]["after"]) == ("one: 1.0 (damaged)\n", "one: 1.0\n")
    assert version(path, "one") == "1.0"


def test_a_package_that_the_lock_does_not_name_is_drift(ready: tuple[Runner, Path, Path]) -> None:
    runner, path, wheels = ready
    make_wheel(wheels, "two", "1.0")
    pip = [str(path / "bin/pip"), "install", "--quiet", "--no-index", "--find-links", str(wheels), "two==1.0"]
    subprocess.run(pip, check=True)
    assert runner.check()["diff"]["before"] == "two: 1.0\n"
    assert "two" not in runner.run()["packages"]


def test_an_install_that_fails_leaves_the_old_environment(ready: tuple[Runner, Path, Path]) -> None:
    runner, path, wheels = ready
    make_wheel(wheels, "one", "2.0")
    message = runner.fail(requirements="one==2.0 --hash=sha256:" + "0" * 64)
    assert "failed with code 1; check the lock file, and that the host reaches the package index" in message
    assert "HASH" in message, "pip's own words are shown"
    assert version(path, "one") == "1.0"
    assert len(list(path.parent.iterdir())) == 2
    assert runner.run()["changed"] is False


def test_a_killed_install_is_completed_by_running_again(runner: Runner, path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", f"{MODULES}.tool_venv"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=environment(runner.environment),
        start_new_session=True,
    )
    assert process.stdin
    process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": runner.options}).encode())
    process.stdin.close()
    deadline = time.monotonic() + 300
    while not list(path.parent.glob("venv.made-*/lib")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not path.exists()
    assert len(list(path.parent.iterdir())) == 1, "the unfinished environment is still there"
    assert "left by an interrupted run" in runner.check()["diff"]["before"]
    runner.run()
    assert version(path, "one") == "1.0"
    assert len(list(path.parent.iterdir())) == 2
    assert runner.run()["changed"] is False


def test_runs_at_the_same_time_wait_for_each_other(runner: Runner, path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(runner.run) for _ in range(2)]
    assert sorted(run.result()["changed"] for run in runs) == [False, True]
    assert version(path, "one") == "1.0"
    assert len(list(path.parent.iterdir())) == 2


def test_an_environment_made_by_hand_is_replaced(runner: Runner, path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(path)], check=True)
    runner.run()
    assert path.is_symlink()
    assert len(list(path.parent.iterdir())) == 2


def test_a_directory_that_is_no_environment_is_not_touched(runner: Runner, path: Path) -> None:
    path.mkdir(parents=True)
    (path / "precious").write_text("")
    assert "is a directory and no virtual environment; remove it or choose another `path`" in runner.fail()
    assert [entry.name for entry in path.parent.iterdir()] == ["venv"]
    assert (path / "precious").exists()


def test_a_missing_interpreter(runner: Runner) -> None:
    assert runner.fail(python="/nonexistent/python").startswith("/nonexistent/python does not run; install Python")


def test_a_lock_without_hashes_is_refused(runner: Runner, path: Path) -> None:
    assert "'one==1.0' is not pinned by version and hash" in runner.fail(requirements="one==1.0")
    assert not path.parent.exists()


def test_a_missing_ca_bundle(runner: Runner, path: Path) -> None:
    message = runner.fail(ca_bundle="/nonexistent/ca.pem")
    assert (
        message
        == "/nonexistent/ca.pem does not exist; install the package ca-certificates, or name another `ca_bundle`"
    )
    assert runner.check(ca_bundle="/nonexistent/ca.pem")["changed"] is True
    assert not path.parent.exists()


@pytest.mark.parametrize(
    ("present", "changed"),
    [
        (None, True),
        (Environment("3.9", {"one": "1.0"}, {"one": "1.0"}), True),
        (Environment("3.11", {"one": "1.0"}, {"one": "1.0"}), False),
        (Environment("3.11", {"one": "1.0", "pip": "23", "setuptools": "60"}, {"one": "1.0"}), False),
        (Environment("3.11", {}, {"one": "1.0"}), True),
        (Environment("3.11", {"one": "0.9"}, {"one": "1.0"}), True),
        (Environment("3.11", {"one": "1.0", "two": "1"}, {"one": "1.0"}), True),
    ],
)
def test_what_counts_as_a_difference(present: Any, changed: bool) -> None:
    assert compare(Path("/opt/slipway/venv"), present, "3.11", []).changed is changed
