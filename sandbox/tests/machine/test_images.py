"""An image's tag changes with the image's input only."""

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
def test_any_change_gives_another_tag(context: Path, change: str) -> None:
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


@pytest.mark.parametrize(
    ("machine_image", "image"),
    [
        ("debian-12-amd64-20250428-2096", "host"),
        ("debian-13-amd64-20250814-2204", "host-13"),
        ("al2023-ami-2023.8.20250818.0-kernel-6.1-x86_64", "host"),
    ],
)
def test_a_host_has_the_debian_release_of_its_machine_image(machine_image: str, image: str) -> None:
    assert images.of_host(machine_image) == image


def test_each_release_has_its_own_base() -> None:
    bases = [images.Base(12, "bookworm"), images.Base(13, "trixie")]
    assert [base.pulled for base in bases] == [("debian", "12-slim"), ("debian", "13-slim")]
    assert len({base.made for base in bases}) == len(bases)
    assert images.tag_of("host") != images.tag_of("host-13")


def test_other_images_are_built_when_they_are_requested() -> None:
    assert set(images.IMAGES) == {"host-13", "postgres"}
