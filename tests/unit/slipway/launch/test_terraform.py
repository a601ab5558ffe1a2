"""Terraform: there, missing, or of another age."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from sandbox.report import Report
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


PROGRAM = b'#!/bin/sh\necho \'{"terraform_version": "1.11.4"}\'\n'


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror that has the archive of this machine, and no Terraform on PATH."""
    monkeypatch.setattr(terraform.platform, "system", lambda: "Linux")
    monkeypatch.setattr(terraform.platform, "machine", lambda: "x86_64")
    archive = tmp_path / "mirror" / terraform.VERSION / f"terraform_{terraform.VERSION}_linux_amd64.zip"
    archive.parent.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("LICENSE.txt", "a licence")
        packed.writestr("terraform", PROGRAM)
    monkeypatch.setitem(terraform.ARCHIVES, "linux_amd64", hashlib.sha256(archive.read_bytes()).hexdigest())
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sh").symlink_to("/bin/sh")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "mirror"


def test_a_machine_without_terraform_gets_the_pinned_one_and_is_told(tmp_path: Path, mirror: Path) -> None:
    said = io.StringIO()
    checkout = tmp_path / "checkout"
    for _ in range(2):
        terraform.ensure(checkout, Report(said), {terraform.MIRROR_VARIABLE: str(mirror)})
        assert shutil.which("terraform") == str(checkout / ".slipway" / "terraform" / terraform.VERSION / "terraform")
    assert said.getvalue().count("version 1.11.4 is fetched into .slipway") == 1
    assert said.getvalue().count("Terraform 1.11.4") == 2


def test_a_fetched_one_is_used_again(tmp_path: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = os.environ["PATH"]
    terraform.ensure(tmp_path, Report(io.StringIO()), {terraform.MIRROR_VARIABLE: str(mirror)})
    shutil.rmtree(mirror)
    monkeypatch.setenv("PATH", path)
    terraform.ensure(tmp_path, Report(io.StringIO()), {})


def test_another_archive_is_refused_before_it_is_unpacked(tmp_path: Path, mirror: Path) -> None:
    (archive,) = mirror.rglob("*.zip")
    archive.write_bytes(archive.read_bytes() + b"x")
    with pytest.raises(SetupError, match=r"is not Terraform 1\.11\.4: its SHA-256.*correct SLIPWAY_TERRAFORM_MIRROR"):
        terraform.fetch(tmp_path / "there", {terraform.MIRROR_VARIABLE: str(mirror)})
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize(
    ("mirror_of", "told"),
    [
        ("https://127.0.0.1:9", "cannot be fetched from https://127.0.0.1:9/1.11.4/terraform_1.11.4_"),
        ("/nonexistent/mirror", "neither an https URL nor a folder"),
        ("http://mirror.example.com", "neither an https URL nor a folder"),
    ],
)
def test_a_mirror_that_does_not_answer_is_told_with_the_fix(tmp_path: Path, mirror_of: str, told: str) -> None:
    with pytest.raises(SetupError) as refused:
        terraform.fetch(tmp_path, {terraform.MIRROR_VARIABLE: mirror_of})
    assert told in str(refused.value)
    assert terraform.MIRROR_VARIABLE in str(refused.value)


def test_an_unknown_machine_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terraform.platform, "machine", lambda: "riscv64")
    with pytest.raises(SetupError, match=r"none is known for .*riscv64: install Terraform 1\.11"):
        terraform.fetch(tmp_path, {})


def test_the_pinned_version_will_do() -> None:
    assert terraform.suits(terraform.VERSION)
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in terraform.ARCHIVES.values())
