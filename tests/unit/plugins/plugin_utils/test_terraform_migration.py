"""A local state is moved whole or not at all, and the file is kept."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.plugin_utils._terraform_cli import Stack, Terraform, TerraformError
from ansible_collections.slipway.fastapi.plugins.plugin_utils._terraform_migration import (
    Owner,
    carry_out,
    local_states,
    prepare,
)

OWNER = Owner({"slipway:env": "dev", "slipway:app": "shop"}, "123456789012")


def text(app: str = "shop", lineage: str = "one", serial: int = 5, count: int = 2) -> str:
    instance = {"attributes": {"tags_all": {"slipway:env": "dev", "slipway:app": app}}}
    resources = [{"mode": "managed", "name": f"r{number}", "instances": [instance]} for number in range(count)]
    body = {"version": 4, "lineage": lineage, "serial": serial, "resources": resources, "outputs": {}}
    return json.dumps(body)


class Backend(Terraform):
    """Terraform with a backend in memory. ``loses`` makes a push vanish."""

    def __init__(self, work: Path, held: str = "", loses: bool = False) -> None:
        stack = Stack(work / "root", work, work / "backend.hcl", "dev/shop/terraform.tfstate", (), {})
        super().__init__(stack, show=lambda _: None)
        self.held, self.loses = held, loses

    def pull(self) -> str:
        return self.held

    def push(self, path: Path) -> None:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        self.held = self.held if self.loses else path.read_text()


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str = "terraform.tfstate", **given: Any) -> Path:
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(**given))
        return path

    return written


def test_all_that_the_local_backend_leaves_is_found(tmp_path: Path, write: Write) -> None:
    wanted = {write(), write("dev.tfstate"), write("terraform.tfstate.d/dev/terraform.tfstate")}
    write("terraform.tfstate.backup")
    write(".terraform/terraform.tfstate")
    assert set(local_states(tmp_path / "root")) == wanted


def test_it_is_moved_and_the_file_is_put_aside(tmp_path: Path, write: Write) -> None:
    source = write()
    backend = Backend(tmp_path)
    migration = prepare(backend, [source], OWNER)
    assert (migration.empty, migration.count, migration.notes) == (False, 2, [])
    backup = carry_out(backend, migration)
    assert json.loads(backend.held) == json.loads(text())
    assert not source.exists()
    assert backup.read_text() == text()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.glob("*.tfstate")) == [backup.name]


def test_the_digest_names_this_state_and_no_other(tmp_path: Path, write: Write) -> None:
    first = prepare(Backend(tmp_path), [write()], OWNER).digest
    assert prepare(Backend(tmp_path), [write()], OWNER).digest == first
    assert prepare(Backend(tmp_path), [write(serial=6)], OWNER).digest != first


def test_a_file_that_was_left_behind_is_told_and_left(tmp_path: Path, write: Write) -> None:
    source = write()
    migration = prepare(Backend(tmp_path, text(serial=7)), [source], OWNER)
    assert migration.empty
    assert "in the bucket already" in migration.notes[0]
    assert source.exists()


def test_somebody_elses_and_empty_ones_stay(tmp_path: Path, write: Write) -> None:
    paths = [write("blog.tfstate", app="blog"), write("empty.tfstate", count=0)]
    migration = prepare(Backend(tmp_path), paths, OWNER)
    assert migration.empty
    assert migration.notes == [f"{paths[0]} stays: it is of slipway:app = blog"]


def test_two_candidates_are_refused(tmp_path: Path, write: Write) -> None:
    with pytest.raises(TerraformError, match=r"dev\.tfstate.*terraform\.tfstate|only you can say"):
        prepare(Backend(tmp_path), [write(), write("dev.tfstate")], OWNER)


def test_a_backend_that_holds_something_else_is_refused(tmp_path: Path, write: Write) -> None:
    with pytest.raises(TerraformError, match="Nothing was moved"):
        prepare(Backend(tmp_path, text(lineage="two")), [write()], OWNER)


def test_a_push_that_does_not_arrive_keeps_the_file(tmp_path: Path, write: Write) -> None:
    source = write()
    backend = Backend(tmp_path, loses=True)
    with pytest.raises(TerraformError, match="does not hold what was moved"):
        carry_out(backend, prepare(backend, [source], OWNER))
    assert source.read_text() == text()


def test_a_file_that_is_no_state_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.tfstate"
    path.write_text("<<<<<<< HEAD")
    with pytest.raises(TerraformError, match=r"x\.tfstate is no state"):
        prepare(Backend(tmp_path), [path], OWNER)
