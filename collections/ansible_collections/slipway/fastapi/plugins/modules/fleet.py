#!/usr/bin/python
"""Asks EC2 which hosts of an environment run: an inventory that could not be read looks like one without a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet
short_description: List the running instances of an environment
version_added: 0.1.0
author:
  - Slipway maintainers (@slipway)
description:
  - Ansible goes on with an empty inventory where an inventory could not be read. This module asks EC2 the same
    question, and fails with AWS's reason where EC2 cannot be asked.
  - Runs on the control node.
options:
  environment_name:
    description: The value of the tag C(slipway:env).
    type: str
    required: true
extends_documentation_fragment:
  - slipway.fastapi.aws
attributes:
  check_mode:
    support: full
    description: It only reads.
  diff_mode:
    support: none
    description: It changes nothing.
  idempotent:
    support: full
    description: It changes nothing.
"""

EXAMPLES = r"""
- name: Ask EC2 for the hosts of dev
  slipway.fastapi.fleet:
    aws: "{{ slipway_aws }}"
    environment_name: dev
  delegate_to: localhost
"""

RETURN = r"""
instances:
  description: Ids of the instances that run, sorted.
  returned: success
  type: list
  elements: str
  sample: [i-0123456789abcdef0]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import (
    AWS_ARGUMENT,
    AwsError,
    boto_errors,
    client,
    explain,
    finish,
)


def run(module: AnsibleModule) -> dict[str, Any]:
    """Ask with the filters of the inventories. Raises AwsError."""
    filters = [
        {"Name": "instance-state-name", "Values": ["running"]},
        {"Name": "tag:slipway:env", "Values": [module.params["environment_name"]]},
    ]
    ec2 = client("ec2", module.params["aws"])
    try:
        pages = list(ec2.get_paginator("describe_instances").paginate(Filters=filters))
    except boto_errors() as error:
        raise AwsError(explain(error, "ec2:DescribeInstances")) from error
    found = [
        instance["InstanceId"]
        for page in pages
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
    ]
    return {"changed": False, "instances": sorted(found)}


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={"aws": AWS_ARGUMENT, "environment_name": {"type": "str", "required": True}},
        supports_check_mode=True,
    )
    finish(module, run)


if __name__ == "__main__":
    main()
