"""`python -m tests.faults --rounds N`: releases that are killed at random moments, on four hosts side by side."""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys

from sandbox.settings import settings_for
from tests.e2e.run import ROOT
from tests.faults import site
from tests.faults.deployed_app import HOSTS

MOST = 1000
"""Rounds; each takes about half a minute of one host."""


def main() -> int:
    """Make the site, run the rounds, and remove the site."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help=f"how many, 1 to {MOST} (default: 200)")
    parser.add_argument("--seed", type=int, help="the same moments again")
    parser.add_argument("--junitxml", metavar="FILE", help="write the outcomes to this file too")
    options = parser.parse_args()
    if not 1 <= options.rounds <= MOST:
        parser.error(f"--rounds must be from 1 to {MOST}")
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    report = [f"--junitxml={options.junitxml}"] if options.junitxml else []
    print(f"{options.rounds} rounds, seed {seed}", flush=True)
    there = settings_for("main").pid_file.exists()
    try:
        if code := site.main():
            return code
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "tests/faults/test_interruptions.py",
                "-n",
                str(HOSTS),
                "-v",
                "-rA",
                *report,
            ],
            cwd=ROOT,
            env={**os.environ, "ROUNDS": str(options.rounds), "SEED": str(seed)},
            check=False,
        ).returncode
    except KeyboardInterrupt:
        print("Stopped: what had passed until then is above.", file=sys.stderr)
        return 130
    finally:
        if not there:
            subprocess.run([sys.executable, "-m", "sandbox", "down"], cwd=ROOT, check=False)


if __name__ == "__main__":
    sys.exit(main())
