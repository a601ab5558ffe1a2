"""The actions that make containers match what the API reports."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox.contract import Database, Instance, InstanceState
from sandbox.machine.planning import Action, Container, for_databases, for_hosts

HOST = Instance(
    "i-1", "vpc-1", "10.20.0.4", None, "running", (), 0, "ami-1", "debian-12", "t3.micro", "ip-10-20-0-4.ec2.internal"
)
DATABASE = Database("db", "vpc-1", "db.example", 5432, "postgres", "16.4", "app", "dba", "secret", "available", ())
RUNNING = Container("host", "i-1", running=True)
ENDED = Container("host", "i-1", running=False)


@pytest.mark.parametrize(
    ("state", "container", "verb"),
    [
        ("pending", None, "create"),
        ("running", None, "create"),
        ("running", RUNNING, None),
        ("running", ENDED, "start"),
        ("stopping", RUNNING, "stop"),
        ("stopped", RUNNING, "stop"),
        ("stopped", ENDED, None),
        ("stopped", None, None),
        ("shutting-down", RUNNING, "remove"),
        ("terminated", ENDED, "remove"),
        ("terminated", None, None),
    ],
)
def test_a_host_follows_the_state_of_its_instance(
    state: InstanceState, container: Container | None, verb: str | None
) -> None:
    actions = for_hosts([replace(HOST, state=state)], [container] if container else [])
    assert [action.verb for action in actions] == ([verb] if verb else [])


def test_a_container_without_an_instance_is_removed() -> None:
    assert for_hosts([], [RUNNING]) == [Action("remove", "host", "i-1")]


@pytest.mark.parametrize(
    ("wanted", "held", "verb"),
    [
        ("198.18.0.5", None, "connect"),
        ("198.18.0.5", "198.18.0.9", "disconnect"),
        (None, "198.18.0.9", "disconnect"),
        ("198.18.0.5", "198.18.0.5", None),
    ],
)
def test_a_public_address_is_changed_while_the_host_runs(
    wanted: str | None, held: str | None, verb: str | None
) -> None:
    actions = for_hosts([replace(HOST, public_ip=wanted)], [replace(RUNNING, public_ip=held)])
    assert [action.verb for action in actions] == ([verb] if verb else [])


@pytest.mark.parametrize(
    ("state", "running", "verb"),
    [
        ("creating", None, "create"),
        ("available", None, "create"),
        ("available", True, None),
        ("available", False, "start"),
        ("stopped", True, "stop"),
        ("stopped", False, None),
        ("deleting", True, "remove"),
        ("deleting", None, None),
    ],
)
def test_a_database_follows_the_state_of_its_instance(state: str, running: bool | None, verb: str | None) -> None:
    containers = [] if running is None else [Container("database", "db", running=running)]
    actions = for_databases([replace(DATABASE, state=state)], containers)
    assert [action.verb for action in actions] == ([verb] if verb else [])


def test_an_engine_other_than_postgres_gets_no_container() -> None:
    assert for_databases([replace(DATABASE, engine="mysql")], []) == []


def test_hosts_and_databases_keep_their_own_containers() -> None:
    database = Container("database", "db", running=True)
    assert for_hosts([HOST], [RUNNING, database]) == []
    assert for_databases([DATABASE], [RUNNING, database]) == []
