"""The control node's half of slipway.fastapi.database (documented in modules/database.py)."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import AWS_ARGUMENT
from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.dsn import Dsn
from ansible_collections.slipway.fastapi.plugins.module_utils._system.printable import printable
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
from ansible_collections.slipway.fastapi.plugins.plugin_utils._tunnel import (
    TunnelError,
    forwarded,
    ssh_settings,
)

try:
    from ansible_collections.slipway.fastapi.plugins.plugin_utils import _postgres_admin as admin
except ImportError as error:
    raise AnsibleError(
        "slipway.fastapi.database needs psycopg 3 beside Ansible on the control node: make venv, or "
        "pip install 'psycopg[binary]'"
    ) from error

CONTROL_CA = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"
ARGUMENTS: dict[str, dict[str, Any]] = {
    "identifier": {"type": "str", "required": True},
    "parameter": {"type": "str", "required": True},
    "role": {"type": "str", "default": "app"},
    "database": {"type": "str", "default": "app"},
    "ca_file": {"type": "path", "default": "/opt/slipway/etc/rds-ca.pem"},
    "python": {"type": "path", "default": "/opt/slipway/venv/bin/python"},
    "timeout": {"type": "int", "default": 10},
    "control_ca": {"type": "str", "default": CONTROL_CA},
    "tags": {"type": "dict", "default": {}},
    "aws": AWS_ARGUMENT,
}

PYTHON = "ansible_python_interpreter"
ROTATION_PAUSE = 3.0
"""Seconds before the master secret is read again: RDS sets a new password and its secret one after the other."""
SSH_SECONDS = 30
"""Seconds until the host's SSH must have opened the port; a session of Session Manager takes some."""


@dataclass(frozen=True)
class Job:
    """What is to be prepared, and how.

    Attributes:
        login: The service's own, as the parameter has it or will have it.
        timeout: Seconds for each stage of connecting.
        variables: The host's variables, with the interpreter that has psycopg.
        control_ca: Where the control node finds RDS's authorities.
        store: Writes the parameter where it differs.
    """

    login: Dsn = field(repr=False)
    timeout: int
    variables: dict[str, Any] = field(repr=False)
    control_ca: str
    store: Callable[[], None] = field(repr=False)


class ActionModule(ActionBase):
    """Prepares a service's role, database and URL. The administrator's part is done here; the host tries its login."""

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
            instance.require_tags(given["tags"])
            parameter = account.parameter(given["parameter"])
            found, login = compare(given["parameter"], parameter, instance, wanted)
            if not self._host_is_ready(given) or (self._task.check_mode and parameter is None):
                outcome = certain(given["role"], new=parameter is None)
            else:

                def store() -> None:
                    if found.changed and not self._task.check_mode:
                        values = {**(parameter.values if parameter else {}), KEY: login.url()}
                        account.store(given["parameter"], values, overwrite=parameter is not None)

                variables = {**(task_vars or {}), PYTHON: given["python"]}
                job = Job(login, given["timeout"], variables, given["control_ca"], store)
                outcome = self._prepare(account, instance, job)
        except (DatabaseError, TunnelError) as error:
            # Ansible would append the text of each exception before it, which say the same.
            raise AnsibleActionFail(str(error)) from None
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

    def _prepare(self, account: Account, instance: Instance, job: Job) -> dict[str, Any]:
        """Let the host try its login, and correct role and database from here where that fails.

        What the host says decides only whether the server is asked from here. What is done follows from the server's
        answers, and the host gets no credentials but the service's own.

        A database that cannot be reached, or a master secret that cannot be read, is found out before anything is
        written. Then the parameter is stored before the role is made: a run that is killed in between leaves a password
        that the next run gives to the role, and not a role whose password nobody knows.

        Raises:
            DatabaseError: The database cannot be used, or the host cannot log in after all.
        """
        if self._host_logs_in(job):
            job.store()
            return {"changed": False, "login": True}
        with self._server(instance, job) as server:
            outcome = self._administer(account, instance, job, server)
        if not self._task.check_mode:
            reason = self._host_complaint(job)
            if reason is not None:
                raise DatabaseError(
                    f"the role {job.login.user} is as it should be, and the host still cannot log in: {reason}; "
                    "look at the server's pg_hba rules and the role's settings"
                )
        return outcome

    @contextmanager
    def _server(self, instance: Instance, job: Job) -> Iterator[admin.Server]:
        """The database, reached through the host and proven by its certificate."""
        settings = ssh_settings(self._connection)
        with (
            admin.ca_bundle(job.control_ca, job.timeout) as ca_file,
            forwarded(settings, instance.host, instance.port, SSH_SECONDS) as through,
        ):
            carrier = str(job.variables.get("inventory_hostname", settings["host"]))
            server = admin.Server(instance.host, instance.port, through, ca_file, job.timeout, carrier)
            server.prove()
            yield server

    def _administer(self, account: Account, instance: Instance, job: Job, server: admin.Server) -> dict[str, Any]:
        """Compare and correct, over a server that is proven. The master secret is read only when it is needed."""
        check = bool(self._task.check_mode)
        found = admin.look(server, job.login)
        if not found.changed:
            job.store()
            return {"changed": False, "login": True}
        master = admin.Master(*account.master(instance))
        job.store()
        try:
            difference = admin.correct(server, job.login, master, found, check)
        except admin.RefusedError as error:
            if error.kind != "password":
                raise
            time.sleep(ROTATION_PAUSE)
            difference = admin.correct(server, job.login, admin.Master(*account.master(instance)), found, check)
        return {
            "changed": difference.changed,
            "diff": difference.as_diff(),
            "login": found.present is not None or not check,
            "reason": found.reason,
        }

    def _host_logs_in(self, job: Job) -> bool:
        """Whether the host says that its login works and that the role is as it should be."""
        return self._host_complaint(job) is None

    def _host_complaint(self, job: Job) -> str | None:
        """Let the host log in as the service: what it finds wrong, or None.

        Raises:
            DatabaseError: The host cannot reach the database.
        """
        outcome: dict[str, Any] = self._execute_module(
            module_name="slipway.fastapi.postgres_role",
            module_args={"url": job.login.url(), "timeout": job.timeout},
            task_vars=job.variables,
        )
        if outcome.get("failed"):
            raise DatabaseError(printable(outcome.get("msg") or "postgres_role failed without a message", 1000))
        if outcome.get("needs_admin"):
            return printable(outcome.get("reason") or "it gives no reason")
        return None


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
