#!/usr/bin/python
"""Tell whether a service can log in to Postgres, and has the role and the database that it should have.

Why no other module does this: community.postgresql.postgresql_ping reports that a login failed, and not at which
stage (DNS, TCP, TLS, password). The checks of rights and ownership would be several more tasks, each with the
password.
"""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgres_role
short_description: Tell whether a service's login to Postgres works
description:
  - Logs in with the service's own URL, and looks whether the role and the database are as they should be. Nothing is
    changed, and no other credentials are taken.
  - The role may log in and owns its database; it is no superuser and may create neither roles nor databases.
  - M(slipway.fastapi.database) runs it on a host, and makes and corrects the role from the control node.
  - Each failure names the stage at which the database could not be reached, the cause and the likely fix.
options:
  url:
    description:
      - The service's URL, C(postgresql://role:password@host:5432/database?sslmode=verify-full&sslrootcert=/path).
    type: str
    required: true
  timeout:
    description: Seconds that each stage of connecting may take.
    type: int
    default: 10
requirements:
  - psycopg 3 for the interpreter that runs the module
author:
  - Slipway maintainers (@slipway)
attributes:
  check_mode:
    support: full
    description: It changes nothing.
  diff_mode:
    support: none
    description: It changes nothing.
  idempotent:
    support: full
    description: When run twice in a row, the second run changes nothing.
"""

EXAMPLES = r"""
- name: Try the service's login
  slipway.fastapi.postgres_role:
    url: "{{ service_database_url }}"
  vars:
    ansible_python_interpreter: /opt/slipway/venv/bin/python
  no_log: true
"""

RETURN = r"""
login:
  description: Whether the service's login works.
  type: bool
  returned: success
needs_admin:
  description: Whether something is to be done that takes an administrator.
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
  description: The kind of failure, such as C(busy) when the server takes no more connections.
  type: str
  returned: failure
"""

import traceback
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

try:
    from ansible_collections.slipway.fastapi.plugins.module_utils import _postgres
    from ansible_collections.slipway.fastapi.plugins.module_utils._probes import dsn, postgres
except ImportError:
    IMPORT_ERROR: str | None = traceback.format_exc()
else:
    IMPORT_ERROR = None
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.stages import StageError, Trail

ARGUMENTS: dict[str, dict[str, Any]] = {
    "url": {"type": "str", "required": True, "no_log": True},
    "timeout": {"type": "int", "default": 10},
}

ROLE_FIX = "the role or its password is not as the parameter says"
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


def complaint(module: AnsibleModule, where: dsn.Dsn) -> tuple[bool, str]:
    """Whether the service's login works, and why an administrator is needed; no reason where none is."""
    try:
        with log_in(where, module.params["timeout"], ROLE_FIX) as session:
            present = _postgres.read(session, where.user, where.database)
    except UnreachableError as error:
        kind = error.trail.failure.kind if error.trail.failure else ""
        if kind not in CORRECTABLE:
            fail(module, error.trail)
        return False, str(error)
    if _postgres.difference(where.user, where.database, present, password_refused=False).changed:
        return True, f"the login works, but the role {where.user} or its database is not as it should be"
    return True, ""


def main() -> None:
    """Read the parameters, and end with a result or a sentence that names the fix."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
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
    login, reason = complaint(module, where)
    module.exit_json(changed=False, login=login, needs_admin=bool(reason), reason=reason)


if __name__ == "__main__":
    main()
