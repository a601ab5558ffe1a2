"""What blueprints and environments set is what their stack takes, and the examples leave nothing out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.unit.repo.helpers import ROOT, text_of

TERRAFORM = ROOT / "terraform"
# Those of this project, which have an example; `make app` writes others beside them.
BLUEPRINTS = sorted(path.with_suffix("") for path in (TERRAFORM / "blueprints").glob("*.tfvars.example"))
SETTINGS = sorted((TERRAFORM / "envs").glob("*/env.tfvars"))
STACK = TERRAFORM / "stacks" / "ec2"

DECLARED = re.compile(r'^variable "(\w+)"', re.MULTILINE)
SET = re.compile(r"^(\w+)\s*=", re.MULTILINE)


def variables() -> set[str]:
    """The root variables of the stack."""
    return {name for path in STACK.glob("variables*.tf") for name in DECLARED.findall(text_of(path))}


def relative(path: Path) -> str:
    """A test's name for a file."""
    return str(path.relative_to(TERRAFORM))


def test_there_is_something_to_compare() -> None:
    assert {path.stem for path in BLUEPRINTS} >= {"gap-fill", "location-content"}
    assert len(variables()) > 20
    assert SETTINGS


@pytest.mark.parametrize("path", [*BLUEPRINTS, *SETTINGS], ids=relative)
def test_every_setting_is_a_variable_of_the_stack(path: Path) -> None:
    """Terraform only warns of one that is not."""
    names = SET.findall(text_of(path))
    assert names
    assert set(names) - variables() == set()
    assert len(names) == len(set(names))


@pytest.mark.parametrize("env", ["dev", "prod"])
def test_make_env_writes_variables_of_the_stack_and_nobody_else_sets_them(env: str) -> None:
    folder = TERRAFORM / "envs" / env
    written = set(json.loads(text_of(folder / "account.tfvars.json")))
    assert {"allowed_account_ids", "region", "backend_http_cidrs", "ssh_ingress_cidrs"} <= written <= variables()
    assert written & set(SET.findall(text_of(folder / "env.tfvars"))) == set()


@pytest.mark.parametrize("path", BLUEPRINTS, ids=relative)
def test_every_variable_is_in_the_example(path: Path) -> None:
    example = path.with_name(path.name + ".example")
    text = text_of(example)
    missing = {name for name in variables() if not re.search(rf"\b{name}\b", text)}
    assert missing == set(), f"{example.name} does not mention them"
    unknown = set(SET.findall(text)) - variables()
    assert unknown == set(), f"{example.name} sets what the stack does not take"


@pytest.mark.parametrize("path", BLUEPRINTS, ids=relative)
def test_the_example_sets_what_the_blueprint_sets(path: Path) -> None:
    """Compared without comments and spaces, so that alignment may differ."""

    def settings(text: str) -> str:
        kept = (re.sub(r"\s+", "", line) for line in text.splitlines() if not line.lstrip().startswith("#"))
        return "\n".join(line for line in kept if line)

    assert settings(text_of(path.with_name(path.name + ".example"))) == settings(text_of(path))


@pytest.mark.parametrize("path", BLUEPRINTS, ids=relative)
def test_a_blueprint_is_called_as_its_file(path: Path) -> None:
    assert re.findall(r'^app\s*=\s*"([^"]*)"', text_of(path), re.MULTILINE) == [path.stem]


def test_the_gap_fill_documents_inputs_bear_its_names() -> None:
    """The names that the document says, each a variable, and its defaults."""
    named = {
        "existing_vpc_id",
        "existing_subnet_id",
        "ssh_key_name",
        "ssh_ingress_cidrs",
        "backend_http_cidrs",
        "backend_port",
        "backend_artifact_bucket",
        "backend_artifact_key",
        "env_parameter_name",
    }
    assert named <= variables()
    blueprint = text_of(TERRAFORM / "blueprints" / "gap-fill.tfvars")
    assert 'env_parameter_name = "/mlops/backend/env"' in blueprint
    assert re.search(r'^instance_type\s+= "t3.medium"$', blueprint, re.MULTILINE)
