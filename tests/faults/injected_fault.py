"""Faults injected into the sandbox's services. Each proves that it happened."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sandbox import injected_faults
from tests.faults.deployed_app import APP, DeployedApp

ALL = 1000
"""More requests than a run makes."""


@contextmanager
def injected(
    app: DeployedApp, service: str, answer: str, operation: str, resource: str, *, times: int = ALL, asked: bool = True
) -> Iterator[Callable[[], int]]:
    """A service gives this answer during the block, at least once. Or it must not be asked at all.

    Yields a function that counts these answers.
    """
    order = {
        "service": service,
        "answer": answer,
        "operation": operation,
        "resource": resource,
        "times": times,
        "seconds": 300,
    }
    number = injected_faults.add(app.settings, order)["number"]

    def fired() -> int:
        (times,) = [int(one["fired"]) for one in injected_faults.list_all(app.settings) if one["number"] == number]
        return times

    try:
        yield fired
        assert (fired() > 0) == asked, f"{service} was asked {fired()} times for {operation} on {resource}"
    finally:
        injected_faults.clear(app.settings, number)


@contextmanager
def denied(app: DeployedApp, resource: str, *actions: str) -> Iterator[None]:
    """Deny an action to the hosts' role. Other apps have the same role and another resource."""
    iam = app.client("iam")
    (role,) = [
        one["RoleName"] for one in iam.list_roles()["Roles"] if one["RoleName"].startswith(f"slipway-sandbox-{APP}")
    ]
    statement = {"Sid": "Fault", "Effect": "Deny", "Action": list(actions), "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=role, PolicyName=f"fault-{app.name}", PolicyDocument=document)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName=f"fault-{app.name}")
