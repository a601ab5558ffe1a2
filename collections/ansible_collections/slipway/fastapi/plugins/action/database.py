"""The control node's half of slipway.fastapi.database (documented in modules/database.py)."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import AWS_ARGUMENT
from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.dsn import Dsn
from ansible_collections.slipway.fastapi.plugins.plugin_utils._service_database import (
    KEY,
    Account,
    DatabaseError,
    Instance,
    Parameter,
    Wanted,
    kept_login,
    new_login,
    shown,
)

ARGUMENTS: dict[str, dict[str, Any]] = {
    "identifier": {"type": "str", "required": True},
    "parameter": {"type": "str", "required": True},
    "role": {"type": "str", "default": "app"},
    "database": {"type": "str", "default": "app"},
    "ca_file": {"type": "path", "default": "/opt/slipway/etc/rds-ca.pem"},
    "python": {"type": "path", "default": "/opt/slipway/venv/bin/python"},
    "timeout": {"type": "int", "default": 10},
    "aws": AWS_ARGUMENT,
}

PYTHON = "ansible_python_interpreter"
ROTATION_PAUSE = 3.0
"""Seconds before the master secret is read again: RDS sets a new password and its secret one after the other."""


@dataclass(frozen=True)
class Hands:
    """How postgres_role is run on the host: the service's URL, seconds for a stage, and the host's variables."""

    url: str = field(repr=False)
    timeout: int
    variables: dict[str, Any] = field(repr=False)


class ActionModule(ActionBase):
    """Prepares a service's role, database and URL, reading from AWS here and talking to Postgres from a host."""

    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Prepare the database; what fails is told in one sentence with its fix."""
        super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(argument_spec=ARGUMENTS)
        wanted = Wanted(given["role"], given["database"], given["ca_file"])
        account = Account(given["aws"])
        try:
            instance = account.instance(given["identifier"])
            parameter = account.parameter(given["parameter"])
            found, login = compare(given["parameter"], parameter, instance, wanted)
            if not self._host_is_ready(given) or (self._task.check_mode and parameter is None):
                outcome = certain(given["role"], new=parameter is None)
            else:

                def store() -> None:
                    if found.changed and not self._task.check_mode:
                        values = {**(parameter.values if parameter else {}), KEY: login.url()}
                        account.store(given["parameter"], values, overwrite=parameter is not None)

                hands = Hands(login.url(), given["timeout"], {**(task_vars or {}), PYTHON: given["python"]})
                outcome = self._prepare(account, instance, hands, store)
        except DatabaseError as error:
            raise AnsibleActionFail(str(error)) from error
        return {
            "changed": found.changed or outcome["changed"],
            "diff": [
                part for part in (found.as_diff(), outcome.get("diff")) if part and part["before"] != part["after"]
            ],
            "login": outcome["login"],
            "reason": outcome.get("reason", ""),
            "endpoint": f"{instance.host}:{instance.port}",
            "parameter": given["parameter"],
        }

    def _host_is_ready(self, given: dict[str, Any]) -> bool:
        """Whether the host has what a login needs; it has not in check mode on a clean host.

        Raises:
            DatabaseError: It has not, and this is no check.
        """
        missing = []
        for path, role in ((given["python"], "python"), (given["ca_file"], "database")):
            if self._low_level_execute_command(f"test -r {shlex.quote(path)}")["rc"]:
                missing.append(f"{path} (role {role} makes it)")
        if missing and not self._task.check_mode:
            raise DatabaseError(f"the host lacks {' and '.join(missing)}; run the playbook configure.yml as a whole")
        return not missing

    def _prepare(self, account: Account, instance: Instance, hands: Hands, store: Callable[[], None]) -> dict[str, Any]:
        """Compare and correct role and database from the host.

        A database that cannot be reached, or a master secret that cannot be read, is found out before anything is
        written. Then the parameter is stored before the role is made: a run that is killed in between leaves a password
        that the next run gives to the role, and not a role whose password nobody knows.

        Args:
            account: Where the master secret is read, should it be needed.
            instance: The RDS instance.
            hands: How postgres_role is run on the host.
            store: Writes the parameter where it differs.

        Returns:
            The result of postgres_role.
        """
        outcome = self._postgres_role(hands, {})
        administer = administrator(account, instance) if outcome.get("needs_admin") else {}
        store()
        if administer:
            outcome = self._postgres_role(hands, administer, again_if="password")
            if outcome.get("failed"):
                time.sleep(ROTATION_PAUSE)
                outcome = self._postgres_role(hands, administrator(account, instance))
        return outcome

    def _postgres_role(self, hands: Hands, administer: dict[str, str], again_if: str = "") -> dict[str, Any]:
        """Run the module on the host. Its result repeats no secret: they are no_log parameters there.

        Raises:
            DatabaseError: It failed, and not in the way that is worth another try (`again_if`).
        """
        outcome: dict[str, Any] = self._execute_module(
            module_name="slipway.fastapi.postgres_role",
            module_args={"url": hands.url, "timeout": hands.timeout, **administer},
            task_vars=hands.variables,
        )
        if outcome.get("failed") and not (again_if and outcome.get("failure") == again_if):
            raise DatabaseError(str(outcome.get("msg", "postgres_role failed without a message")))
        return outcome


def certain(role: str, new: bool) -> dict[str, Any]:
    """What a dry run can say of a server that the host cannot log in to yet: a new password is one it cannot know."""
    found = Difference("Postgres")
    if new:
        found.compare(f"role {role}", None, "created, or given the parameter's password")
    return {
        "changed": found.changed,
        "diff": found.as_diff(),
        "login": False,
        "reason": "the parameter does not exist" if new else "the host cannot log in yet",
    }


def administrator(account: Account, instance: Instance) -> dict[str, str]:
    """The master user's credentials, as arguments of postgres_role."""
    user, password = account.master(instance)
    return {"admin_user": user, "admin_password": password}


def compare(name: str, parameter: Parameter | None, instance: Instance, wanted: Wanted) -> tuple[Difference, Dsn]:
    """What is to be done to the parameter, and the login that it then holds.

    Raises:
        DatabaseError: The parameter is there and unusable.
    """
    found = Difference(name)
    if parameter is None:
        login = new_login(instance, wanted)
        found.compare(KEY, None, shown(login))
    else:
        stored, login = kept_login(parameter, instance, wanted)
        found.compare(KEY, shown(stored), shown(login))
    return found, login
