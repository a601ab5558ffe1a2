"""A Postgres server, one stage after the other: dns, tcp, tls, auth."""

from __future__ import annotations

import socket
import ssl
import struct
from typing import Any

import psycopg

from .dsn import UNVERIFIED, Dsn
from .network import Target, open_tcp, resolve, start_tls, trusting
from .stages import StageError, Trail

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
"""The message that asks for TLS (PostgreSQL manual, 55.7: SSLRequest)."""

OPEN_FIX = "let the database's security group admit port {port} from the host's security group, and check that it runs"


def connect(trail: Trail, dsn: Dsn, timeout: float, role_fix: str) -> psycopg.Connection[tuple[Any, ...]]:
    """Log in. The stage tls is left out where the URL is content without TLS.

    TLS is first tried on a connection of its own: libpq's one error text for all stages would have to be taken apart.

    Args:
        trail: Takes the stages.
        dsn: Where and who.
        timeout: Seconds for each stage.
        role_fix: What to do when the server refuses the role or its password.

    Raises:
        StageError: A stage failed; `kind` says how the auth stage did: password, role, database, busy or other.
    """
    # libpq's word for the bundle that OpenSSL finds by itself (PostgreSQL 16 manual, 34.1.2).
    ca_file = None if dsn.ca_file == "system" else dsn.ca_file
    target = Target(dsn.host, dsn.port, timeout, OPEN_FIX.format(port=dsn.port), ca_file)
    with trail.stage("dns") as stage:
        addresses = resolve(target)
        stage.message = ", ".join(dict.fromkeys(str(address[4][0]) for address in addresses))
    with trail.stage("tcp") as stage:
        connection = open_tcp(target, addresses)
        stage.message = f"connected to {connection.getpeername()[0]} port {dsn.port}"
    if dsn.sslmode in UNVERIFIED:
        connection.close()
    else:
        with trail.stage("tls") as stage:
            stage.message = try_tls(connection, target, dsn.sslmode)
    with trail.stage("auth") as stage:
        session = log_in(dsn, timeout, role_fix)
        stage.message = f"logged in as {dsn.user}"
    return session


def try_tls(connection: socket.socket, target: Target, sslmode: str) -> str:
    """Whether the server does TLS as the URL's sslmode wants it.

    Returns:
        What was found, for the stage.

    Raises:
        StageError: It does not.
    """
    try:
        connection.sendall(SSL_REQUEST)
        reply = connection.recv(1)
    except OSError as error:
        connection.close()
        raise StageError(
            f"{target.label} takes the connection and does not answer ({type(error).__name__})",
            "check that the port is a Postgres server's, and whether it is restarting",
        ) from error
    if reply != b"S":
        connection.close()
        raise StageError(
            f"{target.label} does not offer TLS" if reply == b"N" else f"{target.label} is no Postgres server",
            "turn TLS on at the server (RDS has it on)" if reply == b"N" else "check host and port in DATABASE_URL",
        )
    if sslmode == "verify-full":
        with start_tls(connection, target) as secured:
            return f"{secured.version()}, certificate valid for {target.host}"
    context = trusting(target)
    context.check_hostname = False
    if sslmode != "verify-ca":
        context.verify_mode = ssl.CERT_NONE
    with start_tls(connection, target, context) as secured:
        return f"{secured.version()}, certificate not checked fully (sslmode={sslmode})"


def log_in(dsn: Dsn, timeout: float, role_fix: str) -> psycopg.Connection[tuple[Any, ...]]:
    """An authenticated session in autocommit mode.

    Raises:
        StageError: The server refuses it.
    """
    try:
        return psycopg.connect(
            host=dsn.host,
            port=dsn.port,
            dbname=dsn.database,
            user=dsn.user,
            password=dsn.password,
            sslmode=dsn.sslmode,
            sslrootcert=dsn.ca_file,
            # Kerberos is not used here, and trying it costs a round trip.
            gssencmode="disable",
            connect_timeout=max(2, round(timeout)),
            application_name="slipway",
            autocommit=True,
        )
    except psycopg.OperationalError as error:
        raise refused(error, dsn, role_fix) from error


# libpq gives no SQLSTATE for an error while connecting, so the server's English words are what tells (the messages of
# PostgreSQL's src/backend/libpq/auth.c, utils/init/postinit.c and postmaster/postmaster.c).
REFUSALS = (
    ("password authentication failed", "password", "the server refuses the role {user} or its password"),
    ("no pg_hba.conf entry", "role", "the server admits no login of {user} from this host"),
    ("is not permitted to log in", "role", "the role {user} may not log in"),
    ("permission denied for database", "role", "the role {user} may not connect to the database {database}"),
    ("role ", "role", "the role {user} does not exist"),
    ("database ", "database", "the database {database} does not exist"),
)
BUSY = ("too many c", "connection slots", "starting up", "shutting down", "recovery mode")


def refused(error: psycopg.OperationalError, dsn: Dsn, role_fix: str) -> StageError:
    """What the server's refusal to log in means."""
    text = " ".join(str(error).split())
    # What libpq itself finds, such as a missing file of root certificates, has no such word.
    reason = text.rpartition("FATAL: ")[2].strip() or "no reason given"
    if any(words in reason for words in BUSY):
        return StageError(
            f"the database server takes no more connections now ({reason})",
            "try again in a minute; if it stays so, count the connections of all services or take a larger instance",
            kind="busy",
        )
    for words, kind, cause in REFUSALS:
        missing = words in ("role ", "database ")
        if (words in reason) if not missing else (reason.startswith(words) and "does not exist" in reason):
            return StageError(cause.format(user=dsn.user, database=dsn.database), role_fix, kind=kind)
    return StageError(f"login as {dsn.user} failed: {reason}", role_fix, kind="other")
