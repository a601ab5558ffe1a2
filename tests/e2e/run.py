"""Run the commands that a person would type, and keep their output."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests import deprecations

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / ".cache" / "test-logs" / "e2e"
SECONDS = 900


@dataclass(frozen=True)
class Run:
    """Exit code and everything printed, standard error included."""

    code: int
    output: str


def run(argv: list[str], env: Mapping[str, str] | None = None, timeout: int = SECONDS) -> Run:
    """Run a command in the checkout, without a terminal. Its log is in .cache/test-logs/e2e."""
    LOGS.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        argv,
        cwd=ROOT,
        env={**os.environ, **deprecations.ENVIRONMENT, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=timeout,
        check=False,
    )
    with (LOGS / "commands.log").open("a") as log:
        log.write(f"$ {' '.join(argv)}\n{done.stdout}\n[exit code {done.returncode}]\n\n")
    # Every run is a check of this, because many announcements come only when a task runs.
    assert deprecations.unknown(done.stdout) == []
    return Run(done.returncode, done.stdout)


def make(*arguments: str, env: Mapping[str, str] | None = None) -> Run:
    """`make …`, as a person types it."""
    return run(["make", "--no-print-directory", *arguments], env)


def play(*arguments: str, env: Mapping[str, str] | None = None) -> Run:
    """`ansible-playbook …`, as a person types it with the virtual environment active."""
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return run(["ansible-playbook", *arguments], {"PATH": path, **(env or {})})


def python(*arguments: str, env: Mapping[str, str] | None = None) -> Run:
    """A Python module of the project."""
    return run([sys.executable, *arguments], env)
