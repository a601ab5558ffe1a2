"""RDS instances as PostgreSQL servers with TLS, at the endpoint's name."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import NotFound
from docker.models.containers import Container

from sandbox.contract import Database, Vpc
from sandbox.machine import labels, networks, packet_filter
from sandbox.machine.archive import File, pack
from sandbox.settings import Settings

#: RFC 7677's recommendation, and PostgreSQL's own default.
SCRAM_ITERATIONS = 4096
#: Seconds to wait until a server has ended its sessions, before it is killed.
STOP_SECONDS = 10


@dataclass(frozen=True)
class Plan:
    """Everything that the container of a database is made from."""

    database: Database
    network: Vpc
    image: str
    #: The server's certificate, with its chain, and key, in PEM form.
    certificate: bytes
    key: bytes


def container_name(settings: Settings, identifier: str) -> str:
    """The name of a database's container."""
    return f"slipway-{settings.name}-db-{identifier}"


def options(settings: Settings, plan: Plan) -> dict[str, Any]:
    """The container's settings, as ``containers.create`` takes them."""
    database = plan.database
    return {
        "name": container_name(settings, database.identifier),
        "hostname": database.identifier,
        "command": ["-p", str(database.port)],
        "labels": labels.of(settings.name, "database", database.identifier),
        # For the rules of its security groups; the server itself is not root and has no capability.
        "cap_add": [packet_filter.CAPABILITY],
        "network": networks.vpc_network_name(settings, database.vpc_id),
        # PostgreSQL's parallel workers share memory here; Docker's default is 64 MB.
        "shm_size": "256m",
    }


def create(client: docker.DockerClient, settings: Settings, plan: Plan) -> Container:
    """Make the container of a database and start it. Leftovers of an earlier attempt are replaced."""
    database = plan.database
    remove(client, settings, database.identifier)
    network = networks.ensure_vpc(client, settings, plan.network)
    container = client.containers.create(
        plan.image,
        networking_config={network.name: client.api.create_endpoint_config(aliases=[database.hostname])},
        **options(settings, plan),
    )
    files = [
        File("etc/slipway/tls/server.crt", plan.certificate),
        File("etc/slipway/tls/server.key", plan.key, mode=0o600),
    ]
    try:
        container.put_archive("/", pack(files))
        container.start()
    except BaseException:
        # An incomplete container must not count as a stopped database.
        container.remove(force=True, v=True)
        raise
    return container


def apply(client: docker.DockerClient, settings: Settings, database: Database) -> bool:
    """Set the master user, its password and the first database as the API says; False while the server starts.

    Raises RuntimeError, with PostgreSQL's message, if a statement fails.
    """
    container = client.containers.get(container_name(settings, database.identifier))
    base = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "rdsadmin", "-p", str(database.port), "-d", "postgres"]
    ready, _ = container.exec_run([*base, "-c", "select 1"], user="postgres")
    if ready != 0:
        return False
    # A file, because everybody on the machine can read a command line.
    container.put_archive("/tmp", pack([File("master.sql", statements(database).encode(), mode=0o644)]))  # noqa: S108
    status, output = container.exec_run([*base, "-f", "/tmp/master.sql"], user="postgres")  # noqa: S108
    if status != 0:
        raise RuntimeError(f"database {database.identifier}: {output.decode(errors='replace').strip()}")
    return True


def statements(database: Database) -> str:
    """SQL, for psql, that makes the master user and the first database what the API says. Running it again is safe."""
    role, verifier = literal(database.master_username), literal(scram_verifier(database.master_password))
    lines = [
        "select 'create role rds_superuser nologin' where to_regrole('rds_superuser') is null \\gexec",
        "grant pg_monitor, pg_signal_backend to rds_superuser with admin option;",
        f"select format('create role %I', {role}) where to_regrole(quote_ident({role})) is null \\gexec",
        f"select format('alter role %I login createrole createdb password %L', {role}, {verifier}) \\gexec",
        f"select format('grant rds_superuser to %I', {role}) \\gexec",
    ]
    if database.name:
        name = literal(database.name)
        absent = f"not exists (select from pg_database where datname = {name})"
        lines.append(f"select format('create database %I owner %I', {name}, {role}) where {absent} \\gexec")
    return "\n".join([*lines, ""])


def literal(text: str) -> str:
    """*text* as an SQL string literal that does not depend on ``standard_conforming_strings``."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def scram_verifier(password: str, salt: bytes | None = None) -> str:
    """The verifier that PostgreSQL stores instead of a password (RFC 5803), so that no file contains the password."""
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${SCRAM_ITERATIONS}:{encoded[0]}${encoded[1]}:{encoded[2]}"


def stop(client: docker.DockerClient, settings: Settings, identifier: str) -> None:
    """Stop a database. Its data stays."""
    client.containers.get(container_name(settings, identifier)).stop(timeout=STOP_SECONDS)


def start(client: docker.DockerClient, settings: Settings, identifier: str) -> None:
    """Start a stopped database."""
    client.containers.get(container_name(settings, identifier)).start()


def remove(client: docker.DockerClient, settings: Settings, identifier: str) -> None:
    """Remove a database with its data, if it exists."""
    with suppress(NotFound):
        client.containers.get(container_name(settings, identifier)).remove(force=True, v=True)
