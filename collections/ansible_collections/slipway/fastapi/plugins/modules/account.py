#!/usr/bin/python
"""Refuse to go on when AWS is not the account that the environment means."""

from __future__ import annotations

DOCUMENTATION = r"""
module: account
short_description: Make sure that AWS is the account that is meant
version_added: 0.1.0
author:
  - Slipway maintainers (@slipway)
description:
  - Asks STS who is asking, on the very path that the other modules use, and fails unless the answer is an account that
    is allowed.
  - A sandbox must be on a loopback address and must be account V(000000000000).
  - Any other environment must name its accounts, and neither the environment nor the AWS config file may redirect the
    tools to another endpoint.
  - Runs on the control node and changes nothing.
options:
  sandbox:
    description: Whether the environment is a sandbox on this machine.
    type: bool
    default: false
  allowed_account_ids:
    description: Numbers of the accounts that are allowed.
    type: list
    elements: str
    default: []
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
- name: Check the AWS account
  slipway.fastapi.account:
    aws:
      region: us-east-1
      profile: dev
    allowed_account_ids: ["123456789012"]
  delegate_to: localhost
"""

RETURN = r"""
account:
  description: Number of the account.
  returned: success
  type: str
  sample: "123456789012"
arn:
  description: Who is asking.
  returned: success
  type: str
  sample: arn:aws:sts::123456789012:assumed-role/deployer/session
"""

import ipaddress
import os
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import (
    AWS_ARGUMENT,
    AwsError,
    boto_errors,
    client,
    configured_endpoints,
    error_code,
    explain,
    finish,
)

SANDBOX_ACCOUNT = "000000000000"
_ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL"


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine.

    Other names than `localhost` are not resolved: what they mean can change.
    """
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def path_problems(
    aws: Mapping[str, Any],
    sandbox: bool,
    allowed: Sequence[str],
    environment: Mapping[str, str],
    redirected: Sequence[str],
) -> list[str]:
    """What is wrong before anybody is asked. `redirected` has the endpoint settings of the AWS config file."""
    endpoint = aws.get("endpoint_url") or ""
    if sandbox:
        return _sandbox_problems(aws, endpoint)
    problems = []
    if endpoint:
        problems.append(
            f"`endpoint_url` is {endpoint}, but the environment is no sandbox; remove it from `slipway_aws`"
        )
    wrong = [number for number in allowed if not (len(number) == len(SANDBOX_ACCOUNT) and number.isdigit())]
    if wrong:
        problems.append(
            f"`allowed_account_ids` has {', '.join(wrong)}; an account's number is a text of 12 digits, in quotes"
        )
    if not allowed:
        problems.append(
            "`allowed_account_ids` is empty; `make env ENV=<environment>` writes the number of the account into "
            "terraform/envs/<environment>/account.tfvars.json"
        )
    variables = sorted(
        name for name in environment if name == _ENDPOINT_VARIABLE or name.startswith(f"{_ENDPOINT_VARIABLE}_")
    )
    if variables:
        problems.append(
            f"{', '.join(variables)} in the environment redirects tools to another endpoint; "
            f"run `unset {' '.join(variables)}`"
        )
    if redirected:
        problems.append(
            f"the AWS config file redirects tools to another endpoint by {', '.join(redirected)}; "
            "remove it from the profile"
        )
    return problems


def account_problem(account: str, sandbox: bool, allowed: Sequence[str]) -> str | None:
    """Why this account is not the one that is meant; None when it is."""
    if sandbox:
        return (
            None
            if account == SANDBOX_ACCOUNT
            else f"the endpoint answers as account {account}; a sandbox is account {SANDBOX_ACCOUNT}"
        )
    if account in allowed:
        return None
    return (
        f"the credentials are those of account {account}, allowed is {', '.join(allowed)}; "
        "choose another profile, or correct `allowed_account_ids`"
    )


def unanswered(error: Exception, aws: Mapping[str, Any], sandbox: bool) -> str:
    """Why nobody said whose account it is, and the fix. No proxy is on the way to a sandbox: it is asked directly."""
    if not sandbox or error_code(error):
        return explain(error, "sts:GetCallerIdentity")
    return (
        f"the sandbox does not answer at {aws['endpoint_url']} ({type(error).__name__}); start it by `make site` or "
        "`python -m sandbox up`; `python -m sandbox status` says what runs, and where its log is. "
        "Where another program has the port, end that program"
    )


def _sandbox_problems(aws: Mapping[str, Any], endpoint: str) -> list[str]:
    if not endpoint:
        return ["a sandbox needs `endpoint_url` in `slipway_aws`; without it the calls would go to AWS"]
    problems = []
    if not is_loopback(endpoint):
        problems.append(
            f"`endpoint_url` is {endpoint}; a sandbox is on a loopback address such as http://127.0.0.1:4577"
        )
    if not (aws.get("access_key") and aws.get("secret_key")):
        problems.append(
            "a sandbox needs its own `access_key` and `secret_key` in `slipway_aws`, so that no real ones are used"
        )
    return problems


def run(module: AnsibleModule) -> dict[str, Any]:
    """Check the path, then the account. Raises AwsError."""
    aws, sandbox, allowed = module.params["aws"], module.params["sandbox"], module.params["allowed_account_ids"]
    redirected = [] if sandbox else configured_endpoints(aws)
    problems = path_problems(aws, sandbox, allowed, os.environ, redirected)
    if problems:
        raise AwsError("\n".join(problems))
    try:
        answer = client("sts", aws).get_caller_identity()
    except boto_errors() as error:
        raise AwsError(unanswered(error, aws, sandbox)) from error
    problem = account_problem(answer["Account"], sandbox, allowed)
    if problem:
        raise AwsError(problem)
    return {"changed": False, "account": answer["Account"], "arn": answer["Arn"]}


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            "aws": AWS_ARGUMENT,
            "sandbox": {"type": "bool", "default": False},
            "allowed_account_ids": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    finish(module, run)


if __name__ == "__main__":
    main()
