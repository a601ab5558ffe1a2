"""The changelog is valid, rendered, and tells of the version that the repository has."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tomllib

from tests.unit.repo.helpers import ROOT, yaml_of

COLLECTION = ROOT / "collections" / "ansible_collections" / "slipway" / "fastapi"
CHANGELOGS = COLLECTION / "changelogs"
#: A longer entry is a page of the documentation.
CHARACTERS = 300


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the changelog is made from."""
    shutil.copytree(CHANGELOGS, tmp_path / "changelogs", ignore=shutil.ignore_patterns(".plugin-cache.yaml"))
    shutil.copy(COLLECTION / "galaxy.yml", tmp_path)
    return tmp_path


def changelog(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run antsibull-changelog in a folder."""
    tool = Path(sys.executable).with_name("antsibull-changelog")
    return subprocess.run([tool, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_the_fragments_are_valid(project: Path) -> None:
    done = changelog("lint", folder=project)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_planted_fault_in_a_fragment_is_found(project: Path) -> None:
    (project / "changelogs" / "fragments" / "planted.yml").write_text("---\nbug_fixes: [x]\n", encoding="utf-8")
    done = changelog("lint", folder=project)
    assert done.returncode != 0
    assert "bug_fixes" in done.stdout


def test_the_rendered_changelog_is_current(project: Path) -> None:
    done = changelog("generate", folder=project)
    assert done.returncode == 0, done.stderr
    rendered = (project / "CHANGELOG.rst").read_text(encoding="utf-8")
    assert rendered == (COLLECTION / "CHANGELOG.rst").read_text(encoding="utf-8"), "run `make changelog`"


def test_the_version_is_the_same_everywhere_and_has_release_notes() -> None:
    version = yaml_of(COLLECTION / "galaxy.yml")["version"]
    program = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert program["project"]["version"] == version
    assert f"slipway-fastapi-{version}.tar.gz" in (COLLECTION / "README.md").read_text(encoding="utf-8")
    assert yaml_of(CHANGELOGS / "changelog.yaml")["releases"][version]["changes"]["release_summary"]


def test_entries_are_short() -> None:
    releases = yaml_of(CHANGELOGS / "changelog.yaml")["releases"].values()
    changes = [release["changes"] for release in releases]
    changes += [yaml_of(path) for path in (CHANGELOGS / "fragments").glob("*.yml")]
    entries = [
        entry for change in changes for entries in change.values() if isinstance(entries, list) for entry in entries
    ]
    assert entries
    assert [entry for entry in entries if len(entry) > CHARACTERS] == []
