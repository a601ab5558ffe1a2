"""An environment's inventory, read within this process, and what is checked before any of it is used.

`ansible` and `ansible-inventory` would read it too, and take two seconds more for starting themselves and workers.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.machinery import NamespaceLoader
from typing import Any

from slipway.launch.checkout import ROOT

os.environ.setdefault("ANSIBLE_CONFIG", str(ROOT / "ansible.cfg"))

from ansible import constants  # noqa: E402
from ansible.errors import AnsibleError  # noqa: E402
from ansible.inventory.manager import InventoryManager  # noqa: E402
from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.plugins.loader import init_plugin_loader  # noqa: E402
from ansible.template import Templar, trust_as_template  # noqa: E402
from ansible.vars.manager import VariableManager  # noqa: E402
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import (  # noqa: E402
    AwsError,
    boto_errors,
    client,
    configured_endpoints,
)
from ansible_collections.slipway.fastapi.plugins.modules.account import (  # noqa: E402
    account_problem,
    path_problems,
    unanswered,
)
from ansible_collections.slipway.fastapi.plugins.plugin_utils._host_check import host_errors  # noqa: E402

GROUP = "slipway"
COLLECTIONS = "ansible_collections"
ACCOUNT = "{{ {'aws': slipway_aws, 'sandbox': slipway_sandbox, 'allowed': slipway_allowed.account_ids} }}"
CONTRACT = "{{ slipway_allowed | combine({'environment': slipway_environment}) }}"
# A variable of a host, as the contract reads it.
TAG = "{{ %s | default('') }}"


class InventoryError(Exception):
    """The inventory cannot be read; the text is Ansible's."""


@dataclass(frozen=True)
class Fleet:
    """The hosts of an environment with their variables, which are templates until they are asked for."""

    variables: Mapping[str, dict[str, Any]]
    loader: DataLoader

    @property
    def names(self) -> list[str]:
        """The hosts' names, in their order."""
        return sorted(self.variables)

    def ask(self, name: str, question: str) -> Any:
        """What a template gives for a host. Raises InventoryError."""
        try:
            return Templar(self.loader, self.variables[name]).template(trust_as_template(question))
        except AnsibleError as error:
            raise InventoryError(str(error)) from error


def read(path: str) -> Fleet:
    """Read an inventory. Raises InventoryError."""
    loader = DataLoader()
    try:
        init_plugin_loader()
        _import_anew()
        # Ansible would warn of an inventory that it cannot read, and go on without hosts.
        constants.INVENTORY_ANY_UNPARSED_IS_FAILED = True
        inventory = InventoryManager(loader=loader, sources=[path])
        hosts = inventory.get_hosts(GROUP) if GROUP in inventory.groups else []
        manager = VariableManager(loader=loader, inventory=inventory)
        return Fleet({host.name: manager.get_vars(host=host) for host in hosts}, loader)
    except AnsibleError as error:
        raise InventoryError(str(error)) from error


def _import_anew() -> None:
    """Have Ansible's importer load the collections' folders: Python's own, which came first, knows no plugins."""
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == COLLECTIONS and isinstance(module.__loader__, NamespaceLoader):
            del sys.modules[name]


def account_problems(fleet: Fleet) -> list[str]:
    """Why the credentials are not the account's; empty when they are. As playbooks/preflight.yml."""
    asked = fleet.ask(fleet.names[0], ACCOUNT)
    aws, sandbox, allowed = asked["aws"], bool(asked["sandbox"]), list(asked["allowed"])
    try:
        redirected = [] if sandbox else configured_endpoints(aws)
        if problems := path_problems(aws, sandbox, allowed, os.environ, redirected):
            return problems
        answer = client("sts", aws).get_caller_identity()
    except AwsError as error:
        return [str(error)]
    except boto_errors() as error:
        return [unanswered(error, aws, sandbox)]
    problem = account_problem(answer["Account"], sandbox, allowed)
    return [problem] if problem else []


def tag_problems(fleet: Fleet) -> list[str]:
    """Why the tags of a host cannot be trusted, a line each; empty when all can. As playbooks/contract.yml."""
    problems = []
    for name in fleet.names:
        found = host_errors(Asked(fleet, name), fleet.ask(name, CONTRACT))
        problems += [f"The tags of {name} cannot be trusted:", *found] if found else []
    return problems


class Asked(Mapping[str, Any]):
    """A host's variables as values: each is asked for when it is read."""

    def __init__(self, fleet: Fleet, name: str) -> None:
        self._fleet, self._name = fleet, name

    def __getitem__(self, variable: str) -> Any:
        if variable not in self._fleet.variables[self._name]:
            raise KeyError(variable)
        return self._fleet.ask(self._name, TAG % variable)

    def __iter__(self) -> Any:
        return iter(self._fleet.variables[self._name])

    def __len__(self) -> int:
        return len(self._fleet.variables[self._name])
