"""Inventory of the sandbox: slipway.fastapi.ec2, bound to the account in the box."""

from __future__ import annotations

DOCUMENTATION = r"""
name: sandbox_ec2
short_description: EC2 inventory of Slipway's sandbox
version_added: 0.1.0
author:
  - Slipway maintainers (@slipway)
description:
  - The P(slipway.fastapi.ec2#inventory) plugin with additions that only a sandbox needs.
  - While the sandbox is not running, the inventory is empty and no warning is shown, since the first play starts it.
  - Every C(AWS_*) variable of the shell is dropped for this run, and the shared AWS files are ignored, so that
    neither can lead any part of a sandbox run into a real account.
  - This machine is added to C(NO_PROXY), so that the sandbox is never asked through a proxy.
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
    choices: ['slipway.fastapi.sandbox_ec2']
  environment:
    description: Name of the environment, as in the tag C(slipway:env).
    required: true
    type: str
"""

EXAMPLES = r"""
plugin: slipway.fastapi.sandbox_ec2
environment: sandbox
endpoint_url: http://127.0.0.1:4577
access_key: sandbox
secret_key: sandbox
regions: [us-east-1]
"""

import http.client
import os
import socket
from typing import Any
from urllib.parse import urlsplit

from ansible.errors import AnsibleParserError
from ansible.utils.display import Display
from ansible_collections.slipway.fastapi.plugins.inventory.ec2 import InventoryModule as Ec2Inventory

LOOPBACK = ("127.0.0.1", "::1", "localhost")
ANSWER_SECONDS = 5.0
# The sandbox answers this at once, however busy its API is.
QUESTION = "/_slipway/faults"

# As the readers of NO_PROXY write them: Python takes the address of IPv6 in brackets, Go without.
DIRECT = (*LOOPBACK, "[::1]")

display = Display()


def forget_aws_environment(environ: dict[str, str] | os._Environ[str]) -> None:
    """Drop what the AWS SDKs read from a shell, and point them away from the shared files."""
    for name in [name for name in environ if name.startswith("AWS_")]:
        del environ[name]
    environ["AWS_CONFIG_FILE"] = os.devnull
    environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    environ["AWS_EC2_METADATA_DISABLED"] = "true"


def reach_this_machine_directly(environ: dict[str, str] | os._Environ[str]) -> None:
    """Let no proxy of the shell stand between this run and the sandbox, in this process and those that it starts.

    The proxies stay for what is outside: Terraform's provider and Python's packages may need them.
    """
    # Where both spellings are set, most readers take the lower case alone.
    said = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    hosts = [host for host in (each.strip() for each in said.split(",")) if host]
    merged = ",".join([*hosts, *(host for host in DIRECT if host not in hosts)])
    environ["no_proxy"] = environ["NO_PROXY"] = "*" if "*" in hosts else merged


def loopback_address(endpoint_url: str | None) -> tuple[str, int]:
    """Host and port of a loopback endpoint; raises AnsibleParserError for any other."""
    parts = urlsplit(endpoint_url or "")
    if parts.hostname not in LOOPBACK or parts.port is None:
        raise AnsibleParserError(
            f"The sandbox inventory takes only an endpoint_url on this machine with a port, not {endpoint_url!r}. "
            "For a real account use inventories/dev or inventories/prod."
        )
    return parts.hostname, parts.port


def answers(address: tuple[str, int]) -> bool:
    """Whether something speaks HTTP there: the SDK would wait for minutes for what only listens, and is no sandbox."""
    connection = http.client.HTTPConnection(*address, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", QUESTION)
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def listens(address: tuple[str, int]) -> bool:
    """Whether anything takes connections there."""
    try:
        with socket.create_connection(address, timeout=ANSWER_SECONDS):
            return True
    except OSError:
        return False


class InventoryModule(Ec2Inventory):
    """Hosts of the sandbox, or none while it is down."""

    NAME = "slipway.fastapi.sandbox_ec2"

    def _query(self, *args: Any, **kwargs: Any) -> Any:
        address = loopback_address(self.get_option("endpoint_url"))
        if not answers(address):
            if listens(address):
                display.warning(
                    f"What listens at {self.get_option('endpoint_url')} does not answer as a sandbox, so the inventory "
                    "is empty. `python -m sandbox status` says what runs; end another program that has the port."
                )
            display.v("The sandbox is not running yet: its inventory is empty.")
            return {"aws_ec2": []}
        return super()._query(*args, **kwargs)

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Read the hosts of the sandbox; errors of AWS are raised as AnsibleError by the parent."""
        forget_aws_environment(os.environ)
        reach_this_machine_directly(os.environ)
        super().parse(inventory, loader, path, cache=cache)
