"""The collection that `make collection` builds installs, and works where the repository is not."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from slipway.house import build_collection
from tests.unit.repo.helpers import ROOT

SOURCE = ROOT / "collections" / "ansible_collections" / "slipway" / "fastapi"
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside the repository with the built collection installed in it."""
    place = tmp_path_factory.mktemp("collection")
    build_collection.stage(place / "staged")
    artifact = build_collection.build(place / "staged", place / "dist")
    run(
        "ansible-galaxy",
        "collection",
        "install",
        "--offline",
        "--no-deps",
        "-p",
        str(place / "collections"),
        str(artifact),
        cwd=place,
    )
    return place


def run(tool: str, *arguments: str, cwd: Path) -> str:
    """Run one of Ansible's tools with no configuration but the collections in the folder, and return its output."""
    environment = {
        "PATH": f"{BIN}:/usr/bin:/bin",
        "HOME": str(cwd),
        "ANSIBLE_COLLECTIONS_PATH": str(cwd / "collections"),
    }
    done = subprocess.run(
        [BIN / tool, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_every_module_documents_itself(installed: Path) -> None:
    modules = {path.stem for path in (SOURCE / "plugins" / "modules").glob("[!_]*.py")}
    assert modules
    documented = json.loads(
        run("ansible-doc", "-j", "-t", "module", *(f"slipway.fastapi.{name}" for name in modules), cwd=installed)
    )
    for name in modules:
        described = documented[f"slipway.fastapi.{name}"]
        assert described["doc"]["short_description"]
        assert described["examples"], f"{name} has no example"
        assert described["return"], f"{name} says nothing of what it returns"


def test_every_role_documents_itself(installed: Path) -> None:
    roles = {path.name for path in (ROOT / "roles").iterdir() if path.is_dir()}
    documented = json.loads(
        run("ansible-doc", "-j", "-t", "role", *(f"slipway.fastapi.{name}" for name in roles), cwd=installed)
    )
    assert {name.rsplit(".", 1)[-1] for name, described in documented.items() if described["entry_points"]} == roles


def test_its_playbooks_find_their_roles(installed: Path) -> None:
    listed = run("ansible-playbook", "--list-tasks", "slipway.fastapi.configure", cwd=installed)
    assert "base :" in listed


def test_a_filter_works_from_the_installed_collection(installed: Path) -> None:
    play = installed / "play.yml"
    play.write_text(
        "- hosts: localhost\n  gather_facts: false\n  tasks:\n"
        '    - ansible.builtin.debug:\n        msg: "{{ {} | slipway.fastapi.host_errors({}) | length > 0 }}"\n',
        encoding="utf-8",
    )
    assert '"msg": true' in run("ansible-playbook", "-i", "localhost,", str(play), cwd=installed)


def test_nothing_is_left_out_and_nothing_slips_in(installed: Path) -> None:
    (artifact,) = (installed / "dist").iterdir()
    with tarfile.open(artifact) as archive:
        files = set(archive.getnames())
    assert {"LICENSE", "README.md", "meta/runtime.yml", "playbooks/configure.yml", "roles/base/tasks/main.yml"} <= files
    assert not [name for name in files if "__pycache__" in name or name.endswith(".pyc")]
