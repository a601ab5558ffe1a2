"""The probes' archive on a host."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.modules import probe_archive

from tests.unit.plugins.running import Runner, six_steps

PROBES = Path(probe_archive._probes.__file__ or "").parent


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "lib" / "probes.pyz"


def test_six_steps(dest: Path) -> None:
    runner = Runner("probe_archive", {"dest": str(dest)})
    six_steps(runner, {"do": lambda: dest.write_bytes(b"tampered")})
    assert dest.stat().st_mode & 0o777 == 0o644


def test_a_wrong_mode_is_put_right(dest: Path) -> None:
    runner = Runner("probe_archive", {"dest": str(dest)})
    runner.run()
    dest.chmod(0o600)
    assert runner.run()["diff"]["before"] == "mode: 0600\n"
    assert dest.stat().st_mode & 0o777 == 0o644


def test_it_holds_every_source_of_the_probes(dest: Path) -> None:
    Runner("probe_archive", {"dest": str(dest)}).run()
    with zipfile.ZipFile(dest) as archive:
        names = set(archive.namelist())
    assert names == {"__main__.py", *(f"slipway_probes/{path.name}" for path in PROBES.glob("*.py"))}


def test_equal_sources_give_equal_bytes() -> None:
    files = probe_archive.sources()
    assert probe_archive.archive(files) == probe_archive.archive(dict(reversed(list(files.items()))))
