"""What stands in several languages says the same in each: the sandbox's settings are the home of its constants."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.settings import HOST_API_ADDRESS, HOST_API_PORT, settings_for
from tests.unit.repo.helpers import ROOT, text_of, tracked_files, yaml_of

MAIN = settings_for("main")
INVENTORY = ROOT / "inventories" / "sandbox"
TERRAFORM = ROOT / "terraform" / "envs" / "sandbox"


def hcl(path: Path) -> dict[str, Any]:
    """Read the assignments of strings and of lists of strings from a var-file or a backend configuration."""
    text = re.sub(r"^\s*#.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    values: dict[str, Any] = dict(re.findall(r'^\s*(\w+)\s*=\s*"([^"]*)"', text, re.MULTILINE))
    for name, inner in re.findall(r"^\s*(\w+)\s*=\s*\[([^\]]*)\]", text, re.MULTILINE):
        values[name] = re.findall(r'"([^"]*)"', inner)
    return values


def test_the_inventory_asks_the_sandbox() -> None:
    plugin = yaml_of(INVENTORY / "aws_ec2.yml")
    assert plugin["endpoint_url"] == MAIN.api_url
    assert (plugin["access_key"], plugin["secret_key"]) == (MAIN.access_key, MAIN.secret_key)
    assert plugin["regions"] == [MAIN.region]


def test_the_plays_ask_the_sandbox() -> None:
    variables = yaml_of(INVENTORY / "group_vars" / "all.yml")
    expected = {
        "region": MAIN.region,
        "endpoint_url": MAIN.api_url,
        "access_key": MAIN.access_key,
        "secret_key": MAIN.secret_key,
        "account_id": MAIN.account_id,
    }
    assert variables["slipway_aws"] == expected
    assert variables["slipway_allowed"]["account_ids"] == [MAIN.account_id]
    assert HOST_API_PORT == 80
    assert variables["slipway_host_endpoint_url"] == f"http://{HOST_API_ADDRESS}" == MAIN.host_api_url


def test_terraform_asks_the_sandbox() -> None:
    values = hcl(TERRAFORM / "env.tfvars")
    assert values["endpoint_url"] == MAIN.api_url
    assert values["region"] == MAIN.region
    assert values["allowed_account_ids"] == [MAIN.account_id]
    assert values["ssh_key_name"] == MAIN.key_pair_name


def test_terraforms_state_is_in_the_sandbox() -> None:
    text = (TERRAFORM / "backend.hcl").read_text(encoding="utf-8")
    values = hcl(TERRAFORM / "backend.hcl")
    assert values["bucket"] == MAIN.state_bucket
    assert (values["access_key"], values["secret_key"], values["region"]) == (
        MAIN.access_key,
        MAIN.secret_key,
        MAIN.region,
    )
    endpoints = re.findall(r'"(http[^"]*)"', text)
    assert endpoints
    assert set(endpoints) == {MAIN.api_url}


@pytest.mark.parametrize("path", ["ssh/id_ed25519", "known_hosts"])
def test_the_inventory_finds_the_sandboxs_keys(path: str) -> None:
    variables = text_of(INVENTORY / "group_vars" / "slipway.yml")
    assert (MAIN.directory / path) in {MAIN.ssh_key, MAIN.known_hosts}
    assert f".sandbox/{MAIN.name}" in variables
    assert f"/{path}" in variables


def test_no_other_environment_knows_the_sandbox() -> None:
    told = re.compile(rf"{re.escape(MAIN.api_url)}|{re.escape(HOST_API_ADDRESS)}|{MAIN.account_id}|: sandbox\b")
    folders = [ROOT / place / name for place in ("inventories", "terraform/envs") for name in ("dev", "prod")]
    files = [path for path in tracked_files() if any(path.is_relative_to(folder) for folder in folders)]
    assert files
    assert [str(path) for path in files if told.search(text_of(path))] == []


def test_two_instances_of_the_sandbox_share_nothing() -> None:
    test = settings_for("test")
    for field in (
        "api_port",
        "imds_port",
        "stub_port",
        "public_cidr",
        "vpc_cidr_default",
        "vpc_cidr_shared",
        "vpc_cidr",
        "directory",
    ):
        assert getattr(MAIN, field) != getattr(test, field), field
