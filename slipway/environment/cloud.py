"""What AWS itself says of an account, and the address that this machine has on the internet."""

from __future__ import annotations

import ipaddress
import os
import urllib.request
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.fastapi.plugins.module_utils._aws import (
    AwsError,
    boto_errors,
    client,
    configured_endpoints,
    explain,
)
from ansible_collections.slipway.fastapi.plugins.modules.account import path_problems

from slipway.environment.account import AccountError

#: AWS's own service that answers with the address of the caller.
ADDRESS_URL = "https://checkip.amazonaws.com"
ADDRESS_SECONDS = 5


def default_region(environment: Mapping[str, str] = os.environ) -> str | None:
    """The region of the shell or of the profile; None without one."""
    import botocore.session  # noqa: PLC0415 - takes half a second, and a given region needs none

    return environment.get("AWS_REGION") or botocore.session.Session().get_config_variable("region")


def account(region: str) -> str:
    """The number of the account that the credentials belong to. Raises AccountError."""
    return str(_ask("sts", region, "sts:GetCallerIdentity", "get_caller_identity")["Account"])


def key_pairs(region: str) -> list[str]:
    """The names of the region's EC2 key pairs, sorted. Raises AccountError."""
    answer = _ask("ec2", region, "ec2:DescribeKeyPairs", "describe_key_pairs")
    return sorted(str(pair["KeyName"]) for pair in answer["KeyPairs"])


def address() -> str | None:
    """This machine's public IPv4 address as a network of one; None where nobody says it."""
    try:
        with urllib.request.urlopen(ADDRESS_URL, timeout=ADDRESS_SECONDS) as answer:
            return f"{ipaddress.IPv4Address(answer.read(64).decode('ascii').strip())}/32"
    except (OSError, ValueError):
        return None


def _ask(service: str, region: str, action: str, call: str) -> Any:
    """Ask AWS, on no other way than the playbooks will."""
    aws = {"region": region}
    try:
        # The account is what is to be found out, so any is allowed here.
        if problems := path_problems(aws, False, ["0" * 12], os.environ, configured_endpoints(aws)):
            raise AccountError("\n".join(problems))
        return getattr(client(service, aws), call)()
    except AwsError as error:
        raise AccountError(str(error)) from error
    except boto_errors() as error:
        raise AccountError(explain(error, action)) from error
