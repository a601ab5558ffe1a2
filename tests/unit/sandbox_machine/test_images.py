"""Tags that change with what goes into an image, and with nothing else."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from sandbox.machine import images

CONTEXTS = Path(images.__file__).parent / "images"


@pytest.fixture
def context(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    (tmp_path / "Dockerfile").write_text("FROM x\n")
    (tmp_path / "files" / "a").write_text("1")
    return tmp_path


def test_the_same_files_give_the_same_tag(context: Path) -> None:
    before = images.digest(context)
    os.utime(context / "Dockerfile", (0, 0))
    (context / "files" / "a").chmod(0o600)
    assert images.digest(context) == before


@pytest.mark.parametrize("change", ["content", "name", "more"])
def test_any_change_gives_another(context: Path, change: str) -> None:
    before = images.digest(context)
    if change == "content":
        (context / "files" / "a").write_text("2")
    elif change == "name":
        (context / "files" / "a").rename(context / "files" / "b")
    else:
        (context / "files" / "c").touch()
    assert images.digest(context) != before


@pytest.mark.parametrize("script", sorted(CONTEXTS.rglob("sbin/*")), ids=lambda path: path.name)
def test_shell_scripts_parse(script: Path) -> None:
    subprocess.run(["sh", "-n", str(script)], check=True)
