"""Inventory of an environment: amazon.aws.aws_ec2, with Slipway's groups and variables."""

from __future__ import annotations

DOCUMENTATION = r"""
name: ec2
short_description: EC2 inventory of a Slipway environment
version_added: 0.2.0
author:
  - Slipway maintainers
description:
  - The P(amazon.aws.aws_ec2#inventory) plugin with the settings that every environment of Slipway needs.
  - The hosts are the running instances whose tag C(slipway:env) is O(environment). O(filters) narrows them.
  - Hosts are named by instance id only. A tag in a host's name would become part of a template on the control node.
  - Instance facts become variables with the prefix C(ec2_), because a play has a keyword C(tags).
  - The tags of the tag schema (C(plugin_utils/tag_schema.yml)) become variables. The tag C(slipway:health-path) is the
    variable C(slipway_health_path).
  - All hosts are in the group C(slipway), and in C(app_<app>), C(env_<env>) and C(role_<role>) by their tags.
  - O(compose), O(groups) and O(keyed_groups) are added to these, and cannot replace a variable of the tag schema.
  - The file name must end in C(aws_ec2.yml) or C(aws_ec2.yaml).
extends_documentation_fragment:
  - slipway.fastapi.aws_ec2_inventory
  - inventory_cache
  - constructed
  - amazon.aws.boto3
  - amazon.aws.common.plugins
  - amazon.aws.region.plugins
  - amazon.aws.assume_role.plugins
options:
  plugin:
    description: Names this plugin.
    required: true
    type: str
    choices: ['slipway.fastapi.ec2']
  environment:
    description: Name of the environment, as in the tag C(slipway:env).
    required: true
    type: str
  account_file:
    description:
      - Path of the JSON file that C(make env) writes, from the folder of the inventory file.
      - Its C(region) is used unless O(regions) names any.
    type: str
"""

EXAMPLES = r"""
plugin: slipway.fastapi.ec2
environment: dev
account_file: ../../terraform/envs/dev/account.tfvars.json
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.template import trust_as_template
from ansible_collections.amazon.aws.plugins.inventory.aws_ec2 import InventoryModule as AwsEc2Inventory
from ansible_collections.slipway.fastapi.plugins.plugin_utils._tag_schema import tag_schema

GROUP = "slipway"
GROUPED_BY = ("app", "env", "role")


def fixed_options(own: Mapping[str, Any]) -> dict[str, Any]:
    """The options of aws_ec2 for an environment, from the options that its file has.

    Args:
        own: `environment`, `filters`, `compose`, `groups` and `keyed_groups` of the inventory file.
    """
    schema = tag_schema()
    env = schema.tags["env"]
    # Ansible evaluates expressions only if they come from a trusted place, which this collection is.
    compose = {name: trust_as_template(expression) for name, expression in schema.compose.items()}
    keys = {name: trust_as_template(f"ec2_tags['{schema.tags[name].key}']") for name in GROUPED_BY}
    groups = [{"prefix": name, "key": key} for name, key in keys.items()]
    return {
        "strict_permissions": True,
        "hostnames": ["instance-id"],
        "hostvars_prefix": "ec2_",
        "filters": {
            **(own.get("filters") or {}),
            "instance-state-name": "running",
            f"tag:{env.key}": own["environment"],
        },
        "groups": {**(own.get("groups") or {}), GROUP: True},
        "keyed_groups": [*groups, *(own.get("keyed_groups") or [])],
        "compose": {**(own.get("compose") or {}), **compose},
    }


def region_of(account_file: Path) -> str:
    """The region that the file of an account names. Raises AnsibleParserError."""
    try:
        return str(json.loads(account_file.read_text(encoding="utf-8"))["region"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AnsibleParserError(
            f"{account_file} names no region ({error}). Write it anew: make env ENV=<environment>"
        ) from error


class InventoryModule(AwsEc2Inventory):
    """Hosts of an environment."""

    NAME = "slipway.fastapi.ec2"

    def _read_config_data(self, path: str) -> Any:
        """Read the inventory file, and set what is the same in every environment."""
        config = super()._read_config_data(path)
        names = ("environment", "filters", "compose", "groups", "keyed_groups")
        for name, value in fixed_options({name: self.get_option(name) for name in names}).items():
            self.set_option(name, value)
        if not self.get_option("regions") and (account_file := self.get_option("account_file")):
            self.set_option("regions", [region_of(Path(path).parent / account_file)])
        return config

    def iter_entry(self, *args: Any, **kwargs: Any) -> Any:
        """Yield each host's name and variables, with its tags as `ec2_tags`."""
        for name, variables in super().iter_entry(*args, **kwargs):
            # amazon.aws from 11.2 on calls the tags `ec2_tags` before it adds the prefix. Before, that was `tags`.
            if "ec2_ec2_tags" in variables:
                variables["ec2_tags"] = variables["ec2_ec2_tags"]
            yield name, variables
