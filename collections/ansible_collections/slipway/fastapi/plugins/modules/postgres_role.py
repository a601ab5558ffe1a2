#!/usr/bin/python
"""Make sure of the role and the database that a service uses in Postgres."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgres_role
short_description: Make sure of a service's role and database in Postgres
description:
  - Logs in with the service's own URL. When that works and the role is as it should be, nothing else is done.
  - Otherwise, given the credentials of an administrator, it creates or corrects the role, creates the database or
    changes its owner, and proves the service's login. Without them it says that it needs them.
  - The role may log in and owns its database; it is no superuser and may create neither roles nor databases.
  - Each failure names the stage at which the database could not be reached, the cause and the likely fix.
options:
  url:
    description:
      - The service's URL, C(postgresql://role:password@host:5432/database?sslmode=verify-full&sslrootcert=/path).
      - Role, password and database are made as it says.
    type: str
    required: true
  admin_user:
    description: An administrator of the server, such as the master user of RDS.
    type: str
  admin_password:
    description: The administrator's password.
    type: str
  admin_database:
    description: Database that the administrator logs in to.
    type: str
    default: postgres
  timeout:
    description: Seconds that each stage of connecting may take.
    type: int
    default: 10
requirements:
  - psycopg 3 for the interpreter that runs the module
author:
  - Slipway maintainers
attributes:
  check_mode:
    support: full
    description: Can run in check_mode and return changed status prediction without modifying target.
  diff_mode:
    support: full
    description: Will return details on what has changed, or possibly needs changing in check_mode.
  idempotent:
    support: full
    description: When run twice in a row, the second run changes nothing.
"""

EXAMPLES = r"""
- name: Make sure of the service's role
  slipway.fastapi.postgres_role:
    url: "{{ service_database_url }}"
    admin_user: postgres
    admin_password: "{{ master_password }}"
  vars:
    ansible_python_interpreter: /opt/slipway/venv/bin/python
  no_log: true
"""

RETURN = r"""
login:
  description: Whether the service's login works. In check mode, whether it works now.
  type: bool
  returned: success
needs_admin:
  description: Whether something is to be done for which an administrator's credentials were not given.
  type: bool
  returned: success
reason:
  description: Why the login does not work, or what is wrong with the role.
  type: str
  returned: success
stage:
  description: The stage at which the server could not be reached, one of url, dns, tcp, tls, auth.
  type: str
  returned: failure
failure:
  description: The kind of failure, such as C(password) when the server refuses the administrator.
  type: str
  returned: failure
"""

import traceback
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

try:
    import psycopg
    from ansible_collections.slipway.fastapi.plugins.module_utils import _postgres
    from ansible_collections.slipway.fastapi.plugins.module_utils._probes import dsn, postgres
except ImportError:
    IMPORT_ERROR: str | None = traceback.format_exc()
else:
    IMPORT_ERROR = None
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.stages import StageError, Trail

ARGUMENTS: dict[str, dict[str, Any]] = {
    "url": {"type": "str", "required": True, "no_log": True},
    "admin_user": {"type": "str"},
    "admin_password": {"type": "str", "no_log": True},
    "admin_database": {"type": "str", "default": "postgres"},
    "timeout": {"type": "int", "default": 10},
}

ROLE_FIX = "the role or its password is not as the parameter says; give the administrator's credentials"
ADMIN_FIX = (
    "check that the master secret is the one of this instance, and that it has not been rotated this very moment"
)
CORRECTABLE = ("password", "role", "database")
"""Kinds of refusal that an administrator can put right; another one (no route, too many connections) is a failure."""


class UnreachableError(Exception):
    """The server could not be used; the trail knows at which stage, and why."""

    def __init__(self, trail: Trail) -> None:
        super().__init__(trail.as_dict()["cause"])
        self.trail = trail


def log_in(where: dsn.Dsn, timeout: float, fix: str) -> Any:
    """A psycopg session.

    Raises:
        UnreachableError: One of the stages failed.
    """
    trail = Trail("database", "rds", f"{where.host}:{where.port}")
    try:
        return postgres.connect(trail, where, timeout, fix)
    except StageError as error:
        raise UnreachableError(trail) from error


def fail(module: AnsibleModule, trail: Trail) -> None:
    """End the module with the stage, the cause and the fix."""
    part = trail.as_dict()
    kind = trail.failure.kind if trail.failure else ""
    message = (
        f"the database {part['target']} cannot be used, stage {part['failed_stage']}: {part['cause']}; {part['fix']}"
    )
    module.fail_json(msg=message, stage=part["failed_stage"], failure=kind)


def as_service(module: AnsibleModule, where: dsn.Dsn) -> tuple[_postgres.Present | None, str]:
    """What the service itself can see with its login, or None and the reason why it cannot log in."""
    try:
        with log_in(where, module.params["timeout"], ROLE_FIX) as session:
            return read(session, where), ""
    except UnreachableError as error:
        kind = error.trail.failure.kind if error.trail.failure else ""
        if kind not in CORRECTABLE:
            fail(module, error.trail)
        return None, str(error)


def read(session: Any, where: dsn.Dsn) -> _postgres.Present:
    """What the server has of the service's role and database."""
    return _postgres.read(session, where.user, where.database)


def correct(session: Any, where: dsn.Dsn, present: _postgres.Present, set_password: bool) -> None:
    """Run the statements that are needed. The password goes to the server as a verifier only, and so into no log."""
    verifier = None
    if set_password:
        password, user = where.password.encode(), where.user.encode()
        verifier = session.pgconn.encrypt_password(password, user, b"scram-sha-256").decode()
    for statement in _postgres.statements(where.user, where.database, present, verifier):
        session.execute(statement)


def as_admin(module: AnsibleModule, where: dsn.Dsn, refused: bool) -> dict[str, Any]:
    """Compare and, outside check mode, correct with the administrator's login.

    Args:
        module: The module, for parameters and failures.
        where: The service's login.
        refused: Whether the server refuses it.

    Returns:
        The module's result.
    """
    given = module.params
    admin = dsn.Dsn(
        where.host,
        where.port,
        given["admin_database"],
        given["admin_user"],
        given["admin_password"],
        where.sslmode,
        where.ca_file,
    )
    with log_in(admin, given["timeout"], ADMIN_FIX) as session:
        present = read(session, where)
        found = _postgres.difference(where.user, where.database, present, refused)
        if found.changed and not module.check_mode:
            correct(session, where, present, set_password=refused or present.attributes is None)
            left = _postgres.difference(where.user, where.database, read(session, where), password_refused=False)
            if left.changed:
                # PostgreSQL only warns when somebody revokes what another role granted.
                wrong = ", ".join(left.as_diff()["before"].splitlines())
                module.fail_json(
                    msg=f"{given['admin_user']} could not correct {wrong}; let the role that granted it take it back",
                    stage="auth",
                )
    if not module.check_mode:
        log_in(where, given["timeout"], "look at the server's pg_hba rules and the role's settings").close()
    return {"changed": found.changed, "login": not (refused and module.check_mode), "diff": found.as_diff()}


def main() -> None:
    """Read the parameters, and end with a result or a sentence that names the fix."""
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_together=[("admin_user", "admin_password")],
        supports_check_mode=True,
    )
    if IMPORT_ERROR:
        module.fail_json(
            msg=f"{missing_required_lib('psycopg')} Run the role python first, which makes /opt/slipway/venv.",
            exception=IMPORT_ERROR,
        )
    try:
        where = dsn.parse(module.params["url"])
    except StageError as error:
        module.fail_json(msg=f"{error.cause}; {error.fix}", stage="url", failure=error.kind)
    module.no_log_values.add(where.password)
    if where.user == module.params["admin_user"]:
        module.fail_json(msg=f"{where.user} is the administrator: give the service a role of its own", stage="url")

    present, reason = as_service(module, where)
    if present is not None:
        found = _postgres.difference(where.user, where.database, present, password_refused=False)
        if not found.changed:
            module.exit_json(changed=False, login=True, needs_admin=False, reason="")
        reason = f"the login works, but the role {where.user} or its database is not as it should be"
        if not module.params["admin_user"]:
            module.exit_json(changed=False, login=True, needs_admin=True, reason=reason, diff=found.as_diff())
    if not module.params["admin_user"]:
        module.exit_json(changed=False, login=False, needs_admin=True, reason=reason)
    try:
        result = as_admin(module, where, refused=present is None)
    except UnreachableError as error:
        fail(module, error.trail)
    except psycopg.Error as error:
        # The primary message only: the whole text may quote the statement, and with it the password's verifier.
        text = error.diag.message_primary or type(error).__name__
        module.fail_json(
            msg=f"the server refuses a change of the role {where.user} or the database {where.database}: {text}; "
            f"check that {module.params['admin_user']} is the instance's master user",
            stage="auth",
        )
    module.exit_json(needs_admin=False, reason=reason, **result)


if __name__ == "__main__":
    main()
