"""What the service's role and database in Postgres should be, and the statements that lead there.

The functions that look for differences take plain values, so tests need no server. Only `statements` needs psycopg.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from ._difference import Difference

ATTRIBUTES: Mapping[str, tuple[bool, str, str]] = {
    "rolcanlogin": (True, "LOGIN", "NOLOGIN"),
    "rolsuper": (False, "SUPERUSER", "NOSUPERUSER"),
    "rolcreatedb": (False, "CREATEDB", "NOCREATEDB"),
    "rolcreaterole": (False, "CREATEROLE", "NOCREATEROLE"),
    "rolreplication": (False, "REPLICATION", "NOREPLICATION"),
    "rolbypassrls": (False, "BYPASSRLS", "NOBYPASSRLS"),
}
"""Columns of pg_roles: the value that a service's role has, and the keywords for true and false.

A statement names only those that differ: before PostgreSQL 16 a master user that is no superuser may not even say
NOSUPERUSER of a role (ALTER ROLE, notes).
"""

POWERFUL = ("rds_superuser", "rds_replication", "pg_execute_server_program", "pg_write_server_files")
"""Groups that would give the role back what its attributes deny it."""

ROLE_QUERY = f"select {', '.join(ATTRIBUTES)} from pg_catalog.pg_roles where rolname = %s"  # noqa: S608 - names from above
GROUPS_QUERY = (
    "select upper.rolname from pg_catalog.pg_auth_members"
    " join pg_catalog.pg_roles as upper on upper.oid = roleid"
    " join pg_catalog.pg_roles as lower on lower.oid = member"
    " where lower.rolname = %s and upper.rolname = any(%s) order by 1"
)
OWNER_QUERY = "select pg_catalog.pg_get_userbyid(datdba) from pg_catalog.pg_database where datname = %s"


@dataclass(frozen=True)
class Present:
    """What a server has now.

    Attributes:
        attributes: The role's, by column of pg_roles; None: there is no such role.
        groups: Those of POWERFUL that the role belongs to.
        owner: The database's owner; None: there is no such database.
    """

    attributes: Mapping[str, bool] | None
    groups: tuple[str, ...] = ()
    owner: str | None = None


def read(session: Any, role: str, database: str) -> Present:
    """Ask a server, over a psycopg connection of any role, for what it has."""
    row = session.execute(ROLE_QUERY, (role,)).fetchone()
    groups = session.execute(GROUPS_QUERY, (role, list(POWERFUL))).fetchall()
    owner = session.execute(OWNER_QUERY, (database,)).fetchone()
    return Present(
        attributes=dict(zip(ATTRIBUTES, row)) if row else None,
        groups=tuple(group[0] for group in groups),
        owner=owner[0] if owner else None,
    )


def wrong_attributes(present: Present) -> list[str]:
    """Columns of pg_roles in which an existing role is not as it should be."""
    if present.attributes is None:
        return []
    return [column for column, (wanted, _on, _off) in ATTRIBUTES.items() if present.attributes[column] != wanted]


def difference(role: str, database: str, present: Present, password_refused: bool) -> Difference:
    """What separates the server from what the service needs; it decides what is done, and it is what is shown."""
    found = Difference("Postgres")
    found.compare(f"role {role}", None if present.attributes is None else "present", "present")
    for column in wrong_attributes(present):
        wanted, keyword, negated = ATTRIBUTES[column]
        found.compare(f"role {role} {keyword}", negated if wanted else keyword, keyword if wanted else negated)
    for group in present.groups:
        found.compare(f"role {role} in {group}", "member", None)
    if password_refused and present.attributes is not None:
        found.compare(f"role {role} password", "not the one in the parameter", "the one in the parameter")
    found.compare(f"database {database} owner", present.owner, role)
    return found


def statements(role: str, database: str, present: Present, verifier: str | None) -> Iterator[sql.Composed]:
    """The statements that remove the difference, each of them to be run outside a transaction.

    Args:
        role: Name of the service's role.
        database: Name of its database.
        present: What the server has.
        verifier: The password as a SCRAM verifier, so that the server's log cannot show it; None leaves it as it is.
    """
    name, target = sql.Identifier(role), sql.Identifier(database)
    password = sql.SQL(" PASSWORD {}").format(sql.Literal(verifier)) if verifier else sql.SQL("")
    if present.attributes is None:
        yield sql.SQL("CREATE ROLE {} LOGIN{}").format(name, password)
    else:
        wrong = wrong_attributes(present)
        words = [ATTRIBUTES[column][1 if ATTRIBUTES[column][0] else 2] for column in wrong]
        if words or verifier:
            keywords = sql.SQL("").join(sql.SQL(f" {word}") for word in words)
            yield sql.SQL("ALTER ROLE {}{}{}").format(name, keywords, password)
    for group in present.groups:
        yield sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(group), name)
    if present.owner != role:
        # Giving a database to a role takes the right to become that role, which creating it does not bring
        # (PostgreSQL 16 release notes, E.12.3.1.6); it is given back at once.
        yield sql.SQL("GRANT {} TO CURRENT_USER").format(name)
        verb = "CREATE DATABASE {} OWNER {}" if present.owner is None else "ALTER DATABASE {} OWNER TO {}"
        yield sql.SQL(verb).format(target, name)
        yield sql.SQL("REVOKE {} FROM CURRENT_USER").format(name)
