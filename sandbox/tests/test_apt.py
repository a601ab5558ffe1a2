"""Debian's packages, with an apt-get that only pretends."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox import apt


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An `apt-get` that writes its arguments to a file, and fails to install the package `broken`."""
    program = tmp_path / "apt-get"
    program.write_text(
        f'#!/bin/sh\necho "$DEBIAN_FRONTEND $*" >> {tmp_path}/calls\necho working\n'
        'case "$*" in *broken*) echo "E: no such package"; exit 100;; esac\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path / "calls"


def test_lists_are_fetched_before_packages(calls: Path) -> None:
    told: list[str] = []
    apt.install(["one", "two"], told.append)
    update, install = calls.read_text().splitlines()
    assert update.startswith("noninteractive")
    assert update.endswith("update")
    assert install.endswith("install -y --no-install-recommends one two")
    assert told == ["working", "working"]


def test_apts_last_line_is_reported(calls: Path) -> None:
    with pytest.raises(apt.AptError, match="apt-get install failed: E: no such package"):
        apt.install(["broken"], lambda _: None)
    assert calls.exists()


@pytest.mark.parametrize(
    ("user", "release", "expected"),
    [
        (0, {"ID": "debian"}, True),
        (0, {"ID": "mint", "ID_LIKE": "ubuntu debian"}, True),
        (0, {"ID": "fedora"}, False),
        (1000, {"ID": "debian"}, False),
    ],
)
def test_only_root_on_debian_and_ubuntu_installs(
    calls: Path, monkeypatch: pytest.MonkeyPatch, user: int, release: dict[str, str], expected: bool
) -> None:
    assert not calls.exists()
    monkeypatch.setattr(apt.os, "geteuid", lambda: user)
    monkeypatch.setattr(apt.platform, "freedesktop_os_release", lambda: release)
    assert apt.usable() == expected
