"""An environment's hosts as its inventory knows them, and `make ssh`, which reaches one."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

from slipway.operate.inventory import Fleet, InventoryError, account_problems, read, tag_problems
from slipway.operate.progress import waiting

# Ansible resolves these for each host: what is a template in the inventory is a value here.
QUESTION = """{{ {
  'address': ansible_host, 'user': ansible_user, 'key': ansible_ssh_private_key_file | default(''),
  'options': ansible_ssh_common_args | default(''), 'public': slipway_public_address | default(''),
  'port': slipway_port, 'health': slipway_health_path, 'app': slipway_app,
  'artifact': slipway_artifact | default(''),
  'unit': release_unit | default('backend'), 'directory': slipway_dir | default('/opt/backend')
} }}"""


class NoHostError(Exception):
    """There is no host to reach; the message says what to do."""


@dataclass(frozen=True)
class Host:
    """What is needed to reach one host. `public` is empty where it has no public address."""

    name: str
    address: str
    user: str
    key: str
    options: str
    public: str
    port: int
    health: str
    app: str
    unit: str = "backend"
    directory: str = "/opt/backend"
    artifact: str = "s3://"
    """Where what it runs is published; empty for a host that is ready for Docker, and has no service of Slipway's."""

    def ssh(self, command: list[str], options: Sequence[str] = ()) -> list[str]:
        """Return the ssh command line that reaches the host as Ansible does, with more of ssh's own options."""
        key = ["-i", self.key] if self.key else []
        return ["ssh", *options, *shlex.split(self.options), *key, f"{self.user}@{self.address}", *command]

    def health_url(self) -> str:
        """Return where a client asks the service for its health."""
        return f"http://{self.public or self.address}:{self.port}{self.health}"


def find_hosts(inventory: str) -> list[Host]:
    """Return the environment's hosts, by name. Raises NoHostError when there is none or it cannot be told."""
    return [
        Host(name=name, **{**facts, "port": int(facts["port"])}) for name, facts in ask(inventory, QUESTION).items()
    ]


def ask(inventory: str, question: str) -> dict[str, dict[str, Any]]:
    """Return what a template gives for each of the environment's hosts, by the host's name.

    Raises NoHostError when there is no host, when it cannot be told, or when account or tags are not to be trusted.
    """
    try:
        with waiting(f"Reading {inventory}"):
            fleet = trusted(inventory)
        return {name: fleet.ask(name, question) for name in fleet.names}
    except InventoryError as error:
        raise NoHostError(f"The hosts of {inventory} cannot be told: {error}") from error


@lru_cache
def trusted(inventory: str) -> Fleet:
    """Read an inventory, and check what the playbooks check before a host is touched. Raises NoHostError."""
    fleet = read(inventory)
    if not fleet.names:
        raise NoHostError(f"There is no host in {inventory}. Make one with: make site")
    if problems := account_problems(fleet) or tag_problems(fleet):
        raise NoHostError("\n".join(problems))
    return fleet


def choose(hosts: list[Host], name: str | None) -> Host:
    """Return the host of that name, or the only one. Raises NoHostError with the names there are."""
    names = ", ".join(f"{host.name} ({host.app})" for host in hosts)
    if name:
        for host in hosts:
            if host.name == name:
                return host
        raise NoHostError(f"There is no host {name}. There are: {names}")
    if len(hosts) > 1:
        raise NoHostError(f"There are several hosts, choose one with HOST=…: {names}")
    return hosts[0]


def ssh(inventory: str, name: str | None, command: list[str]) -> NoReturn:
    """Become the ssh that opens a shell on a host, or runs a command there. Raises NoHostError."""
    argv = choose(find_hosts(inventory), name).ssh(command)
    os.execvp(argv[0], argv)  # noqa: S606 - no shell is used
