#!/usr/bin/python
"""Tell whether the bucket of Terraform's states is there, and is ours.

Why no other module does this: amazon.aws.s3_bucket_info lists the buckets of the account. It cannot tell a free name
from a bucket of another account, and it needs the right to list all buckets. Its client also takes the shell's AWS
settings and proxy, which must not reach calls to the sandbox.
"""

from __future__ import annotations

DOCUMENTATION = r"""
module: state_bucket
short_description: Look for the bucket of Terraform's states
version_added: 0.1.0
author:
  - Slipway maintainers (@slipway)
description:
  - Tells whether the bucket exists in the account. One that belongs to somebody else is an error, because its owner
    could read the states of an environment; and so is one in another region than the backend's file says.
  - Runs on the control node and changes nothing.
options:
  name:
    description: The bucket.
    type: str
    required: true
  account:
    description: The account that it must belong to.
    type: str
    required: true
extends_documentation_fragment:
  - slipway.fastapi.aws
attributes:
  check_mode:
    support: full
    description: The module only reads.
  diff_mode:
    support: none
    description: There is nothing that could differ.
  idempotent:
    support: full
    description: The module only reads.
"""

EXAMPLES = r"""
- name: Look for the bucket of states
  slipway.fastapi.state_bucket:
    aws: "{{ slipway_aws }}"
    name: slipway-state-dev-123456789012
    account: "123456789012"
  delegate_to: localhost
"""

RETURN = r"""
exists:
  description: Whether the bucket is there.
  returned: success
  type: bool
"""

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import (
    AWS_ARGUMENT,
    AwsError,
    boto_errors,
    client,
    error_code,
    explain,
    finish,
)

_ABSENT = frozenset({"404", "NoSuchBucket"})
#: What S3 says of a bucket in another region than the one that was asked.
_ELSEWHERE = frozenset({"301", "PermanentRedirect"})
_FOREIGN = frozenset({"403", "AccessDenied"})


def exists(s3: Any, name: str, account: str, aws: Mapping[str, Any]) -> bool:
    """Whether the account has the bucket, in the region of `aws`. Raises AwsError where somebody else has it."""
    try:
        found = s3.head_bucket(Bucket=name, ExpectedBucketOwner=account)
    except boto_errors() as error:
        code = error_code(error)
        if code in _ABSENT:
            return False
        if code in _FOREIGN:
            raise AwsError(
                f"the bucket {name} belongs to another account, or s3:ListBucket on it is not allowed; allow it, or "
                "choose another name by the line `bucket` of the environment's backend.hcl"
            ) from error
        if code in _ELSEWHERE:
            raise AwsError(_elsewhere(name, "another region", aws["region"])) from error
        raise AwsError(explain(error, f"s3:HeadBucket on {name}")) from error
    region = found.get("BucketRegion") or aws["region"]
    if region != aws["region"]:
        raise AwsError(_elsewhere(name, region, aws["region"]))
    return True


def _elsewhere(name: str, there: str, here: str) -> str:
    return f"the bucket {name} is in {there}, and the environment's backend.hcl says {here}: correct `region` there"


def run(module: AnsibleModule) -> dict[str, Any]:
    """Ask. Raises AwsError."""
    given = module.params
    found = exists(client("s3", given["aws"]), given["name"], given["account"], given["aws"])
    return {"changed": False, "exists": found}


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            "aws": AWS_ARGUMENT,
            "name": {"type": "str", "required": True},
            "account": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    finish(module, run)


if __name__ == "__main__":
    main()
