"""The service's own database, by its own DATABASE_URL."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg

from . import dsn, postgres
from .stages import StageError, Trail

ROLE_FIX = "run the playbook configure.yml, which sets the role's password to the parameter's, then release.yml"


def probe(trail: Trail, variable: str, environment: Mapping[str, str], timeout: float) -> None:
    """Run the stages url, dns, tcp, tls, auth and select.

    Raises:
        StageError: A stage failed.
    """
    with trail.stage("url") as stage:
        url = environment.get(variable, "")
        if not url:
            raise StageError(
                f"{variable} is not in the service's environment",
                "run the playbook configure.yml, which makes the database's parameter, then release.yml",
            )
        where = dsn.parse(url)
        trail.target = f"{where.host}:{where.port}/{where.database}"
        stage.message = f"{variable} is set, role {where.user}"
    with postgres.connect(trail, where, timeout, ROLE_FIX) as session, trail.stage("select") as stage:
        try:
            row = session.execute("select current_setting('server_version')").fetchone()
        except psycopg.Error as error:
            raise StageError(
                f"the server does not answer a query ({type(error).__name__})",
                "look at the database's log",
            ) from error
        stage.message = f"PostgreSQL {row[0]}" if row else "no row"
