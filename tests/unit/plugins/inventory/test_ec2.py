"""The inventory of an environment: what it adds to amazon.aws.aws_ec2, and what its file cannot change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleParserError
from ansible_collections.slipway.fastapi.plugins.inventory.ec2 import fixed_options, region_of
from ansible_collections.slipway.fastapi.plugins.plugin_utils._tag_schema import tag_schema

from tests.unit.repo.helpers import ROOT

INVENTORIES = sorted((ROOT / "inventories").glob("*/aws_ec2.yml"))


def test_every_tag_of_the_schema_becomes_a_variable() -> None:
    compose = fixed_options({"environment": "dev"})["compose"]
    assert compose == tag_schema().compose
    assert {tag.variable for tag in tag_schema().tags.values()} < set(compose)


def test_the_hosts_are_the_environments() -> None:
    filters = {"tag:slipway:app": "shop", "tag:slipway:env": "prod"}
    assert fixed_options({"environment": "dev", "filters": filters})["filters"] == {
        "tag:slipway:app": "shop",
        "tag:slipway:env": "dev",
        "instance-state-name": "running",
    }


def test_a_file_adds_and_does_not_replace() -> None:
    own = {
        "environment": "dev",
        "compose": {"slipway_app": "'other'", "mine": "1"},
        "groups": {"slipway": "false", "large": "true"},
        "keyed_groups": [{"prefix": "zone", "key": "ec2_placement.availability_zone"}],
    }
    options: dict[str, Any] = fixed_options(own)
    assert options["compose"]["mine"] == "1"
    assert options["compose"]["slipway_app"] == "ec2_tags['slipway:app']"
    assert options["groups"] == {"slipway": True, "large": "true"}
    assert [group["prefix"] for group in options["keyed_groups"]] == ["app", "env", "role", "zone"]
    assert options["hostnames"] == ["instance-id"]


@pytest.mark.parametrize("path", INVENTORIES, ids=lambda path: path.parent.name)
def test_an_inventory_has_only_what_differs(path: Path) -> None:
    options = yaml.safe_load(path.read_text("utf-8"))
    assert options.pop("plugin") in {"slipway.fastapi.ec2", "slipway.fastapi.sandbox_ec2"}
    assert options.pop("environment") == path.parent.name
    assert set(options) <= {"regions", "account_file", "endpoint_url", "access_key", "secret_key"}
    assert (path.parent / "shared.yml").resolve() == ROOT / "inventories" / "shared.yml"
    assert (path.parent / "host_vars" / "localhost.yml").resolve() == ROOT / "inventories" / "localhost.yml"


PROGRAM = """
import json, sys
import boto3
from moto import mock_aws

with mock_aws():
    ec2 = boto3.client("ec2", region_name="us-east-1")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    for tags in json.loads(sys.argv[1]):
        written = [{"Key": key, "Value": value} for key, value in tags.items()]
        ec2.run_instances(
            ImageId=image, MinCount=1, MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": written}],
        )
    from ansible.cli.inventory import InventoryCLI
    InventoryCLI(["ansible-inventory", "-i", sys.argv[2], "--list"]).run()
"""


def listed(folder: Path, *tags: dict[str, str]) -> dict[str, Any]:
    """What Ansible finds in an account that has one instance for each set of tags."""
    path = folder / "aws_ec2.yml"
    # As `make env` leaves it: the region stands in the file of the account.
    (folder / "account.json").write_text('{"region": "us-east-1"}', encoding="utf-8")
    path.write_text("plugin: slipway.fastapi.ec2\nenvironment: dev\naccount_file: account.json\n", encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(tags), str(path)],
        cwd=ROOT,
        env=kept | keys,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_ansible_makes_groups_and_variables_of_tags(tmp_path: Path) -> None:
    ours = {"slipway:app": "shop", "slipway:env": "dev", "slipway:role": "web", "slipway:port": "8000"}
    found = listed(tmp_path, ours, {**ours, "slipway:env": "prod"}, {"Name": "no host of ours"})
    (host,) = found["slipway"]["hosts"]
    assert found["app_shop"]["hosts"] == found["env_dev"]["hosts"] == found["role_web"]["hosts"] == [host]
    variables = found["_meta"]["hostvars"][host]
    expected = {
        "slipway_app": "shop",
        "slipway_port": "8000",
        "slipway_health_path": "/health",
        "slipway_artifact": "",
    }
    assert {name: plain(variables[name]) for name in expected} == expected
    assert variables["slipway_env_required"] is True


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_a_file_without_a_region_is_told_with_the_fix(tmp_path: Path, text: str) -> None:
    (tmp_path / "account.json").write_text(text, encoding="utf-8")
    with pytest.raises(AnsibleParserError, match="make env ENV="):
        region_of(tmp_path / "account.json")


def plain(value: Any) -> Any:
    """A value without Ansible's mark of what is no template."""
    return value["__ansible_unsafe"] if isinstance(value, dict) else value
