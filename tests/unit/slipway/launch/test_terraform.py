"""Terraform: there, missing, or of another age."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.launch import terraform
from slipway.launch.problem import SetupError


def install(folder: Path, script: str) -> None:
    """A `terraform` of that folder that does what *script* says."""
    program = folder / "terraform"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("version", "good"),
    [("1.11.0", True), ("1.15.2", True), ("1.10.5", False), ("0.15.0", False), ("2.0.0", False), ("1.11.0-rc1", True)],
)
def test_versions(path: Path, version: str, good: bool) -> None:
    install(path, f"""echo '{{"terraform_version": "{version}"}}'""")
    if good:
        assert terraform.check() == version
        return
    with pytest.raises(SetupError, match=r"install Terraform 1\.11 or newer"):
        terraform.check()


def test_missing() -> None:
    with pytest.raises(SetupError, match=r"not on PATH: install Terraform 1\.11"):
        terraform.check()


@pytest.mark.parametrize("script", ["exit 1", "echo Terraform v1.11", "echo '[]'"])
def test_broken(path: Path, script: str) -> None:
    install(path, script)
    with pytest.raises(SetupError, match="does not tell its version"):
        terraform.check()


def test_settings_of_the_shell_do_not_reach_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "/nowhere")
    install(path, """test -z "$TF_CLI_CONFIG_FILE" && echo '{"terraform_version": "1.12.0"}'""")
    assert terraform.check() == "1.12.0"
