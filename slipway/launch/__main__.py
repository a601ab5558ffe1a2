"""``python3 -m slipway.launch [venv|provider|docker]``: make this checkout ready. Without a step: venv and provider."""

from __future__ import annotations

import argparse
import sys

from slipway.launch.steps import STEPS, run


def main() -> int:
    """Run what the command line names; the exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m slipway.launch", description="Make this checkout ready.")
    parser.add_argument(
        "step",
        nargs="?",
        choices=STEPS,
        help="venv: Python packages; provider: Terraform and where it takes the AWS provider from (prints the path of "
        "Terraform's configuration); docker: a Docker engine that answers. Without one: venv and provider",
    )
    return run(parser.parse_args().step)


if __name__ == "__main__":
    sys.exit(main())
