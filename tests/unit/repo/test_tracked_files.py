"""What may be in the repository, and what git must never take."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.unit.repo.helpers import ROOT, text_of, tracked_files

# A file of one person's machine means nothing on another's. Hosts' own paths (/opt, /etc, /var) are the product.
HOME = re.compile(r"(?<![\w.])/(?:home|Users)/[a-z][\w-]*/|(?<![\w.])/root/\.(?!ssh)")
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}")
# A real one nearly always has a digit before a letter; the made-up ones of tests and examples spell words.
AWS_KEY = re.compile(r"\b(?:AKIA|ASIA)(?!IOSFODNN7EXAMPLE)(?=[A-Z]*[0-9][0-9]*[A-Z])[A-Z0-9]{16}\b")
# pip's options that tie a lock to one machine's registry.
REGISTRY = re.compile(r"^\s*--(?:index-url|extra-index-url|find-links|trusted-host)\b", re.MULTILINE)

FORBIDDEN = [
    ".env",
    "dev.env",
    "examples/app/.env",
    "terraform/stacks/ec2/terraform.tfstate",
    "terraform/stacks/ec2/terraform.tfstate.1700000000.backup",
    "terraform/stacks/ec2/.terraform/providers/x",
    "terraform/stacks/ec2/saved.tfplan",
    "terraform/stacks/ec2/terraform.tfvars",
    "terraform/blueprints/mine.auto.tfvars",
    "id_ed25519",
    "keys/id_rsa",
    "server.key",
    "ca.pem",
    "inventories/dev/known_hosts",
    ".slipway/dev/location-content/plan.json",
    ".sandbox/main/app.env",
    ".venv/bin/python",
    ".cache/test-logs/unit.log",
    "dist/slipway-fastapi-0.1.0.tar.gz",
    "app.zip",
]
ALLOWED = [".env.example", "terraform/blueprints/location-content.tfvars", "terraform/envs/dev/env.tfvars"]


def ignored(path: str) -> bool:
    """Whether git ignores a path, were it there."""
    return subprocess.run(["git", "check-ignore", "-q", "--no-index", path], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("path", FORBIDDEN)
def test_git_ignores_state_secrets_and_what_a_run_leaves(path: str) -> None:
    assert ignored(path)


@pytest.mark.parametrize("path", ALLOWED)
def test_git_keeps_examples_and_settings(path: str) -> None:
    assert not ignored(path)


@pytest.mark.parametrize("pattern", [HOME, PRIVATE_KEY, AWS_KEY], ids=["home directory", "private key", "AWS key"])
def test_no_file_holds_a_secret_or_somebodys_directory(pattern: re.Pattern[str]) -> None:
    assert [str(path.relative_to(ROOT)) for path in tracked_files() if pattern.search(text_of(path))] == []


def test_no_file_names_the_directory_that_this_checkout_is_in() -> None:
    if len(ROOT.parts) < 3:
        pytest.skip(f"{ROOT} is too short a path to look for")
    place = re.compile(re.escape(str(ROOT)) + r"\b")
    assert [str(path.relative_to(ROOT)) for path in tracked_files() if place.search(text_of(path))] == []


def test_no_lock_is_tied_to_one_registry() -> None:
    locks = [
        path for path in tracked_files() if path.name.startswith("requirements") and path.suffix in {".txt", ".in"}
    ]
    assert locks
    assert [str(path) for path in locks if REGISTRY.search(text_of(path))] == []


def test_every_blueprint_has_a_commented_example() -> None:
    blueprints = sorted((ROOT / "terraform" / "blueprints").glob("*.tfvars"))
    assert blueprints
    for blueprint in blueprints:
        example = blueprint.with_name(blueprint.name + ".example")
        assert example.is_file(), f"{example} is missing"
        assert "#" in example.read_text(encoding="utf-8")


def test_every_environment_has_all_its_three_parts() -> None:
    inventories = {path.name for path in (ROOT / "inventories").iterdir() if path.is_dir()}
    settings = {path.name for path in (ROOT / "terraform" / "envs").iterdir() if path.is_dir()}
    assert inventories == settings == {"sandbox", "dev", "prod"}
    for name in settings:
        assert {"env.tfvars", "backend.hcl"} <= {path.name for path in (ROOT / "terraform" / "envs" / name).iterdir()}
