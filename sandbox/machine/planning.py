"""The actions that make the containers match the instances and databases that the API reports.

Pure functions over plain data: nothing here talks to Docker or to the API.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sandbox.contract import Database, Instance
from sandbox.machine.labels import Kind

Verb = Literal["create", "start", "stop", "remove", "connect", "disconnect"]


@dataclass(frozen=True)
class Container:
    """A container as the engine lists it. *public_ip* is its current public address."""

    kind: Kind
    identity: str
    running: bool
    public_ip: str | None = None
    #: The address in its VPC, while it runs.
    address: str | None = None
    #: The id of its endpoint in its VPC. It is new at each start, as is the container's network namespace.
    endpoint: str = ""


@dataclass(frozen=True)
class Action:
    """One action on one instance or database."""

    verb: Verb
    kind: Kind
    identity: str


def for_hosts(hosts: Iterable[Instance], containers: Iterable[Container]) -> list[Action]:
    """The next action for each instance that does not match. An instance gets one action at a time."""
    there = {item.identity: item for item in containers if item.kind == "host"}
    wanted = {host.instance_id: host for host in hosts if host.state not in ("shutting-down", "terminated")}
    actions = [Action("remove", "host", identity) for identity in there if identity not in wanted]
    for identity, host in wanted.items():
        container = there.get(identity)
        verb: Verb | None = None
        if host.state in ("pending", "running"):
            verb = _towards_running(host, container)
        elif container and container.running:
            verb = "stop"
        if verb:
            actions.append(Action(verb, "host", identity))
    return actions


def for_databases(databases: Iterable[Database], containers: Iterable[Container]) -> list[Action]:
    """The next action for each PostgreSQL instance that does not match."""
    there = {item.identity: item for item in containers if item.kind == "database"}
    wanted = {item.identifier: item for item in databases if is_postgres(item) and item.state != "deleting"}
    actions = [Action("remove", "database", identity) for identity in there if identity not in wanted]
    for identity, database in wanted.items():
        container = there.get(identity)
        if database.state in ("stopped", "stopping"):
            if container and container.running:
                actions.append(Action("stop", "database", identity))
        elif container is None:
            actions.append(Action("create", "database", identity))
        elif not container.running:
            actions.append(Action("start", "database", identity))
    return actions


def is_postgres(database: Database) -> bool:
    """Whether the sandbox has a server for the database's engine."""
    return database.engine == "postgres"


def _towards_running(host: Instance, container: Container | None) -> Verb | None:
    if container is None:
        return "create"
    if not container.running:
        return "start"
    if container.public_ip == host.public_ip:
        return None
    # A changed address is removed first. The next round adds the new one.
    return "disconnect" if container.public_ip else "connect"
