"""The steps that make a checkout ready."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sandbox.report import Report
from slipway.launch import packages, provider, terraform
from slipway.launch.checkout import BIN, ROOT
from slipway.launch.problem import SetupError

STEPS = ("venv", "provider", "docker")


def run(step: str | None) -> int:
    """Run a step, or provider and venv; 0, or 1 with one line on stderr that names the fix."""
    # Standard output is for the program that asks, also for one that reads a command's (`make status ARGS=--json`).
    report = Report(sys.stderr)
    try:
        if step is None:
            # First, because it is quick: a person without Terraform is told before packages are installed.
            _provider(report)
        if step in (None, "venv", "docker"):
            packages.ensure(ROOT, report, os.environ)
        if step == "provider":
            print(_provider(report))
        if step == "docker":
            # The person at the terminal may be asked something, so it is handed on as it is.
            return subprocess.run([str(BIN / "python"), "-m", "sandbox", "engine"], cwd=ROOT, check=False).returncode
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup: interrupted; run the same command again to finish", file=sys.stderr)
        return 130
    return 0


def _provider(report: Report) -> Path:
    terraform.ensure(ROOT, report, os.environ)
    return provider.ensure(ROOT, report, os.environ)
