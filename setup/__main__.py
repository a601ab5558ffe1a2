"""``python3 -m setup [venv|provider|docker]``: make this checkout ready. Without a word: venv and provider."""

from __future__ import annotations

import sys

# Before anything else is imported: what follows may not even parse with an older Python.
if sys.version_info < (3, 11):
    sys.exit(
        "setup: Slipway needs Python 3.11 or newer and this is {}.{}: run it with a newer one, "
        "such as `make site PYTHON=python3.11`".format(*sys.version_info)
    )

import argparse
import os
import subprocess
from pathlib import Path

from setup import packages, provider, terraform
from setup.problem import SetupError
from setup.report import Report

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run what the command line names; the exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m setup", description="Make this checkout ready.")
    parser.add_argument(
        "step",
        nargs="?",
        choices=("venv", "provider", "docker"),
        help="venv: Python packages; provider: Terraform and where it takes the AWS provider from (prints the path of "
        "Terraform's configuration); docker: a Docker engine that answers. Without one: venv and provider",
    )
    return run(parser.parse_args().step)


def run(step: str | None) -> int:
    """Run a step, or provider and venv; 0, or 1 with one line on stderr that names the fix."""
    # Standard output is for the program that asks, also for one that reads a target's (`make status ARGS=--json`).
    report = Report(sys.stderr)
    try:
        if step is None:
            # First, because it is quick: who has no Terraform shall not wait for packages to be told.
            _provider(report)
        if step in (None, "venv", "docker"):
            packages.ensure(ROOT, report, os.environ)
        if step == "provider":
            print(_provider(report))
        if step == "docker":
            # The person at the terminal may be asked something, so it is handed on as it is.
            return subprocess.run(
                [str(ROOT / ".venv/bin/python"), "-m", "sandbox", "engine"], cwd=ROOT, check=False
            ).returncode
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup: interrupted; run the same command again to finish", file=sys.stderr)
        return 130
    return 0


def _provider(report: Report) -> Path:
    with report.step("Terraform") as step:
        step.text = f"Terraform {terraform.check()}"
    return provider.ensure(ROOT, report, os.environ)


if __name__ == "__main__":
    sys.exit(main())
