"""What runs before a commit and a push is what CI runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.stages import ROOT, linters
from tests.unit.repo.helpers import yaml_of

CONFIG = ROOT / ".pre-commit-config.yaml"


def as_typed(argv: list[str], folder: Path) -> str:
    """A linter's command as a person types it at the top of the checkout."""
    up = "" if folder == ROOT else "../" * len(folder.relative_to(ROOT).parts)
    typed = " ".join(argument.replace(f"{ROOT}/", up) for argument in argv)
    return typed if folder == ROOT else f"env -C {folder.relative_to(ROOT)} {typed}"


def test_pre_commit_takes_its_configuration() -> None:
    tool = Path(sys.executable).with_name("pre-commit")
    done = subprocess.run([tool, "validate-config", CONFIG], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_hooks_are_the_linters_of_make_lint() -> None:
    (repository,) = yaml_of(CONFIG)["repos"]
    assert repository["repo"] == "local", "versions stand in requirements-dev.txt only"
    hooks = {hook["id"]: hook["entry"] for hook in repository["hooks"]}
    assert hooks == {name: as_typed(*command) for name, command in linters().items()}
    assert not any(hook["pass_filenames"] for hook in repository["hooks"])
