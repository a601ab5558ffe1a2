"""Makes and corrects a service's role and database in RDS, from the control node and through a host.

The server is proven before a password is sent: its certificate must be of RDS's own authority and for the endpoint's
name, both as AWS's API gives them to the control node. A host that answers in the server's place gets nothing.
"""

from __future__ import annotations

import socket
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from ansible_collections.slipway.fastapi.plugins.module_utils import _postgres
from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._probes import postgres
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.dsn import Dsn
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.network import Target
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.stages import StageError
from ansible_collections.slipway.fastapi.plugins.modules.ca_bundle import BundleError, count, fetch
from ansible_collections.slipway.fastapi.plugins.plugin_utils._service_database import DatabaseError
from ansible_collections.slipway.fastapi.plugins.plugin_utils._tunnel import LOOPBACK, Forwarded

ADMIN_DATABASE = "postgres"
CORRECTABLE = ("password", "role", "database")
"""Kinds of refusal that an administrator can put right; another one (no route, too many connections) is a failure."""
ADMIN_FIX = (
    "check that the master secret is the one of this instance, and that it has not been rotated this very moment"
)
ROLE_FIX = "the role or its password is not as the parameter says"
FORWARD_FIX = (
    "let the database's security group admit the host, and the SSH server on the host forward TCP connections "
    "(AllowTcpForwarding)"
)


class RefusedError(DatabaseError):
    """The server is the right one and refuses the login; `kind` says how, and `cause` why without the rest."""

    def __init__(self, text: str, kind: str, cause: str = "") -> None:
        super().__init__(text)
        self.kind = kind
        self.cause = cause


@contextmanager
def ca_bundle(source: str, timeout: float) -> Iterator[Path]:
    """A file with RDS's authorities, from a path or an https URL, until the block ends. Never one that a host has.

    Raises:
        DatabaseError: There is none.
    """
    try:
        if source.startswith("https://"):
            content = fetch(source, timeout)
        elif "://" in source:
            raise BundleError("it is no https URL, and a CA bundle must come from who it claims to be")
        else:
            content = Path(source).expanduser().read_bytes()
        count(content)
    except (BundleError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise DatabaseError(
            f"the control node has no CA bundle of RDS from {source}: {reason}; name another with database_control_ca"
        ) from error
    with tempfile.TemporaryDirectory(prefix="slipway-") as folder:
        path = Path(folder) / "rds-ca.pem"
        path.write_bytes(content)
        yield path


@dataclass(frozen=True)
class Server:
    """The database at the end of a forwarded port.

    Attributes:
        host: The endpoint's name, which the certificate must carry.
        port: The endpoint's port, for messages.
        through: The forwarded port.
        ca_file: The authorities of which one must have signed the certificate.
        timeout: Seconds for each stage.
        carrier: The name of the host that carries the bytes, for messages.
    """

    host: str
    port: int
    through: Forwarded
    ca_file: Path
    timeout: float
    carrier: str

    def prove(self) -> None:
        """Make sure that the server is the endpoint, and send it nothing.

        Raises:
            DatabaseError: It is not, or it cannot be reached.
        """
        target = Target(self.host, self.port, self.timeout, ca_file=str(self.ca_file))
        try:
            connection = socket.create_connection((LOOPBACK, self.through.port), self.timeout)
            postgres.try_tls(connection, target, "verify-full")
        except OSError as error:
            raise self._failure(f"no connection ({error.strerror or type(error).__name__})", FORWARD_FIX) from error
        except StageError as error:
            cause = error.cause.replace(str(self.ca_file), "the CA bundle of RDS")
            raise self._failure(cause, self._way_out(error)) from error

    def _way_out(self, error: StageError) -> str:
        if isinstance(error.__cause__, ssl.SSLCertVerificationError):
            return (
                f"another server answers in the database's place: do not trust the host {self.carrier} until you know "
                "why, or name the right bundle with database_control_ca"
            )
        return f"{FORWARD_FIX}; if both are right, another server answers there: do not trust the host {self.carrier}"

    def log_in(self, user: str, password: str, database: str, fix: str) -> psycopg.Connection[tuple[Any, ...]]:
        """An authenticated session in autocommit mode.

        Raises:
            RefusedError: The server refuses the login.
        """
        login = Dsn(self.host, self.port, database, user, password)
        try:
            return psycopg.connect(
                # The name is what the certificate is checked for, the address is where the connection goes.
                host=self.host,
                hostaddr=LOOPBACK,
                port=self.through.port,
                dbname=database,
                user=user,
                password=password,
                sslmode="verify-full",
                sslrootcert=str(self.ca_file),
                # A server can ask for the password itself; only a proof that one knows it is given.
                require_auth="scram-sha-256",
                gssencmode="disable",
                connect_timeout=max(2, round(self.timeout)),
                application_name="slipway",
                autocommit=True,
            )
        except psycopg.OperationalError as error:
            if "authentication method requirement" in str(error):
                cause = "the server asks for the password itself, and not for a proof of it (SCRAM)"
                fix = "set password_encryption to scram-sha-256 in the parameter group, and rotate the master password"
                raise RefusedError(str(self._failure(cause, fix, stage="auth")), "method") from error
            found = postgres.refused(error, login, fix)
            raise RefusedError(
                str(self._failure(found.cause, found.fix, stage="auth")), found.kind, found.cause
            ) from error

    def _failure(self, cause: str, fix: str, stage: str = "tls") -> DatabaseError:
        said = self.through.words()
        said = f" (ssh: {said})" if said else ""
        return DatabaseError(
            f"the database {self.host}:{self.port} cannot be administered through the host {self.carrier}, "
            f"stage {stage}: {cause}{said}; {fix}"
        )


@dataclass(frozen=True)
class Found:
    """What a server has, and what is to be done. `present` is None where the service cannot log in."""

    present: _postgres.Present | None
    changed: bool
    reason: str = ""


def look(server: Server, login: Dsn) -> Found:
    """What the service sees with its own login: whether an administrator is needed at all.

    Raises:
        DatabaseError: The server cannot be used for a reason that an administrator does not mend.
    """
    try:
        session = server.log_in(login.user, login.password, login.database, ROLE_FIX)
    except RefusedError as error:
        if error.kind not in CORRECTABLE:
            raise
        return Found(None, changed=True, reason=error.cause)
    with session:
        present = _postgres.read(session, login.user, login.database)
    wrong = _postgres.difference(login.user, login.database, present, password_refused=False)
    reason = f"the login works, but the role {login.user} or its database is not as it should be"
    return Found(present, wrong.changed, reason if wrong.changed else "")


@dataclass(frozen=True)
class Master:
    """The master user's name and password."""

    user: str
    password: str = field(repr=False)


def correct(server: Server, login: Dsn, master: Master, found: Found, check_mode: bool) -> Difference:
    """Compare and, outside check mode, correct role and database as the master user.

    Raises:
        RefusedError: The server refuses the master user.
        DatabaseError: It refuses a change.
    """
    if login.user == master.user:
        raise DatabaseError(f"{login.user} is the master user: give the service a role of its own (database_role)")
    refused = found.present is None
    try:
        with server.log_in(master.user, master.password, ADMIN_DATABASE, ADMIN_FIX) as session:
            present = _postgres.read(session, login.user, login.database)
            difference = _postgres.difference(login.user, login.database, present, refused)
            if difference.changed and not check_mode:
                _run(session, login, present, set_password=refused or present.attributes is None)
                left = _postgres.difference(
                    login.user, login.database, _postgres.read(session, login.user, login.database), False
                )
                if left.changed:
                    # PostgreSQL only warns when somebody revokes what another role granted.
                    wrong = ", ".join(left.as_diff()["before"].splitlines())
                    raise DatabaseError(
                        f"{master.user} could not correct {wrong}; let the role that granted it take it back"
                    )
    except psycopg.Error as error:
        # The primary message only: the whole text may quote the statement, and with it the password's verifier.
        text = error.diag.message_primary or type(error).__name__
        raise DatabaseError(
            f"the server refuses a change of the role {login.user} or the database {login.database}: {text}; "
            f"check that {master.user} is the instance's master user"
        ) from error
    return difference


def _run(session: Any, login: Dsn, present: _postgres.Present, set_password: bool) -> None:
    """Run the statements that are needed. The password goes to the server as a verifier only, and so into no log."""
    verifier = None
    if set_password:
        password, user = login.password.encode(), login.user.encode()
        verifier = session.pgconn.encrypt_password(password, user, b"scram-sha-256").decode()
    for statement in _postgres.statements(login.user, login.database, present, verifier):
        session.execute(statement)
