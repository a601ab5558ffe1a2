"""ansible-builder takes the definition of the execution environment, and its versions are the locked ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.unit.repo.helpers import ROOT, yaml_of

DEFINITION = ROOT / "execution-environment.yml"


def create(definition: Path, context: Path) -> subprocess.CompletedProcess[str]:
    """Let ansible-builder check a definition and write what an image is built from; no container engine is used."""
    command = [sys.executable, "-m", "ansible_builder", "create", "-f", str(definition), "-c", str(context)]
    command += ["--output-filename", "Containerfile"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_image_installs_the_locked_packages(tmp_path: Path) -> None:
    done = create(DEFINITION, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "--require-hashes -r /tmp/requirements.txt" in (tmp_path / "Containerfile").read_text(encoding="utf-8")
    copied = tmp_path / "_build" / "configs" / "requirements.txt"
    assert copied.read_bytes() == (ROOT / "requirements.txt").read_bytes()


def test_a_planted_fault_is_found(tmp_path: Path) -> None:
    planted = tmp_path / "execution-environment.yml"
    planted.write_text(DEFINITION.read_text(encoding="utf-8").replace("base_image:", "base:"), encoding="utf-8")
    done = create(planted, tmp_path / "context")
    assert done.returncode != 0
    assert "base" in done.stdout + done.stderr


def test_ansible_core_has_the_version_that_is_locked_for_the_images_python() -> None:
    dependencies = yaml_of(DEFINITION)["dependencies"]
    python, wanted = (
        dependencies["python_interpreter"]["package_system"],
        dependencies["ansible_core"]["package_pip"],
    )
    assert python == "python3.12"
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert f"\n{wanted} ; python_full_version >= '3.12' " in lock
