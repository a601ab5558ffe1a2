"""Where Terraform runs, and where it is told to keep the state."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.plugin_utils._terraform_cli import Stack, Terraform, TerraformError


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    root = tmp_path / "root"
    root.mkdir()
    (root / "main.tf").write_text('terraform {\n  backend "s3" {}\n}\n')
    (root / ".terraform.lock.hcl").write_text("")
    (root / "dev.tfstate").write_text("{}")
    return Stack(root, tmp_path / "work", tmp_path / "backend.hcl", "dev/x.tfstate", (), {})


def without_backend(stack: Stack) -> Stack:
    return Stack(stack.directory, stack.work, None, stack.state_key, (), {})


def test_the_state_is_where_the_backends_file_says(stack: Stack) -> None:
    assert stack.root == stack.directory
    assert stack.backend_settings() == [f"-backend-config={stack.backend}", "-backend-config=key=dev/x.tfstate"]


def test_a_bucket_is_named_where_the_file_names_none(stack: Stack) -> None:
    named = Stack(stack.directory, stack.work, stack.backend, stack.state_key, (), {}, bucket="b")
    assert named.backend_settings()[-1] == "-backend-config=bucket=b"


def test_without_a_backend_a_copy_of_the_root_keeps_its_state_in_a_file(stack: Stack) -> None:
    local = without_backend(stack)
    for _ in range(2):
        local.prepare()
    assert local.root != local.directory
    assert sorted(path.name for path in local.root.iterdir()) == [
        ".terraform.lock.hcl",
        "backend_override.tf",
        "main.tf",
    ]
    assert 'backend "local"' in (local.root / "backend_override.tf").read_text()
    assert local.backend_settings() == [f"-backend-config=path={local.work}/terraform.tfstate"]
    assert not (stack.directory / "backend_override.tf").exists()


@pytest.mark.parametrize("name", ["override.tf", "my_override.tf"])
def test_a_file_that_changes_the_backend_is_named(stack: Stack, name: str) -> None:
    (stack.directory / name).write_text('terraform {\n  backend "local" {\n  }\n}\n')
    with pytest.raises(TerraformError, match=rf"{name} sets another backend"):
        stack.prepare()


def test_a_file_that_overrides_something_else_is_fine(stack: Stack) -> None:
    (stack.directory / "my_override.tf").write_text('# no backend "x" here\nprovider "aws" {}\n')
    stack.prepare()


def test_a_missing_boundary_is_told_with_its_remedy(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    said = (
        "creating IAM Role (x): NoSuchEntity: Scope ARN: arn:aws:iam::1:policy/b does not exist or is not attachable."
    )
    answer: Any = (SimpleNamespace(errors=[said]), SimpleNamespace(code=1, stderr=""))
    monkeypatch.setattr(Terraform, "_attempt", lambda *_: answer)
    with pytest.raises(TerraformError, match=r"aws iam create-policy --policy-name slipway-boundary"):
        Terraform(stack, print).plan()
