"""Terraform on this machine: whether it is there, and whether its version will do."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess

from slipway.launch.problem import SetupError

#: At least the first, less than the second.
MINIMUM, LIMIT = (1, 11), (2, 0)
_ADVICE = "install Terraform 1.11 or newer, below 2 (developer.hashicorp.com/terraform/install)"


def check() -> str:
    """The version of the ``terraform`` on PATH. Raises SetupError if it is missing, broken or of another age."""
    program = shutil.which("terraform")
    if program is None:
        raise SetupError(f"Terraform is not on PATH: {_ADVICE}")
    # A TF_CLI_CONFIG_FILE that names a missing file would stop even this.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    done = subprocess.run(
        [program, "version", "-json"],
        env={**environment, "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        version: str = json.loads(done.stdout)["terraform_version"]
    except (ValueError, KeyError, TypeError):
        raise SetupError(f"{program} does not tell its version: {_ADVICE}") from None
    if not suits(version):
        raise SetupError(f"{program} is Terraform {version}: {_ADVICE}")
    return version


def suits(version: str) -> bool:
    """Whether Slipway works with that version."""
    found = re.match(r"(\d+)\.(\d+)\.", version)
    return found is not None and MINIMUM <= (int(found[1]), int(found[2])) < LIMIT
