"""The control node's half of slipway.fastapi.database (documented in modules/database.py)."""

from __future__ import annotations

import shlex
import time
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

ROTATION_PAUSE = 3.0
"""Seconds before the master secret is read again: RDS sets a new password and its secret one after the other."""


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
            ready = self._host_is_ready(given)
            if found.changed and not self._task.check_mode:
                account.store(
                    given["parameter"], {**(parameter.values if parameter else {}), KEY: login.url()}, bool(parameter)
                )
            outcome = self._prepare(
                account, instance, login, given, task_vars or {}, new=parameter is None, ready=ready
            )
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

    def _prepare(
        self,
        account: Account,
        instance: Instance,
        login: Dsn,
        given: dict[str, Any],
        task_vars: dict[str, Any],
        *,
        new: bool,
        ready: bool,
    ) -> dict[str, Any]:
        """Compare and correct role and database from the host.

        Args:
            account: Where the master secret is read, should it be needed.
            instance: The RDS instance.
            login: The service's login as it should be.
            given: The task's arguments.
            task_vars: The host's variables.
            new: Whether the password is a new one, which no server can know yet.
            ready: Whether the host can log in at all.

        Returns:
            The result of postgres_role, or in check mode, where that cannot run, what is certain without it.
        """
        if self._task.check_mode and (new or not ready):
            found = Difference("Postgres")
            if new:
                found.compare(f"role {given['role']}", None, "created, or given the parameter's password")
            return {
                "changed": found.changed,
                "diff": found.as_diff(),
                "login": False,
                "reason": "the parameter does not exist" if new else "the host cannot log in yet",
            }
        arguments = {"url": login.url(), "timeout": given["timeout"]}
        variables = {**task_vars, "ansible_python_interpreter": given["python"]}
        outcome = self._postgres_role(arguments, variables)
        if outcome.get("needs_admin"):
            outcome = self._postgres_role({**arguments, **administrator(account, instance)}, variables)
            if outcome.get("failed") and outcome.get("failure") == "password":
                time.sleep(ROTATION_PAUSE)
                outcome = self._postgres_role({**arguments, **administrator(account, instance)}, variables)
        if outcome.get("failed"):
            raise DatabaseError(str(outcome.get("msg", "postgres_role failed without a message")))
        return outcome

    def _postgres_role(self, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Run the module on the host. Its result repeats no secret: they are no_log parameters there."""
        outcome: dict[str, Any] = self._execute_module(
            module_name="slipway.fastapi.postgres_role", module_args=arguments, task_vars=variables
        )
        return outcome


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
