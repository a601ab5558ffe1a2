"""Deployers that are killed, and what they leave for the next one."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.faults.deployed_app import LEASE_SECONDS, DeployedApp, Host

# Ansible runs modules below a shell with this word. The brackets prevent the script from finding itself.
END_MODULES = """
for shell in $(pgrep -f [B]ECOME-SUCCESS); do pkill -9 -P "$shell"; done
pkill -9 -f [B]ECOME-SUCCESS
true
"""


def end_modules(host: Host) -> None:
    """Kill what a deployer has started on a host and would continue without it."""
    host.shell(END_MODULES)


@contextmanager
def without_ssh(host: Host) -> Iterator[None]:
    """SSH to the host is blocked, and existing connections are reset. Asserts that a connection was tried."""
    rule = "INPUT -p tcp --dport 22 -j REJECT --reject-with tcp-reset"
    host.shell(f"iptables -I {rule}")
    try:
        yield
        packets = int(host.shell("iptables -nvxL INPUT | awk '/dpt:22/ {print $1; exit}'"))
    finally:
        host.shell(f"iptables -D {rule}")
    assert packets > 0


def lease_of(app: DeployedApp) -> dict[str, Any]:
    """The lease in S3."""
    bucket, key = app.lease
    found: dict[str, Any] = json.loads(app.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    return found


def write_lease(app: DeployedApp, **changed: Any) -> None:
    """Write the lease of another run."""
    bucket, key = app.lease
    body = json.dumps({**lease_of(app), **changed})
    app.client("s3").put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")


def wait_for_lease(app: DeployedApp) -> None:
    """Wait until no run holds the lease. The process that renews it returns it when its play has ended."""
    deadline = time.monotonic() + LEASE_SECONDS
    while lease_of(app)["state"] != "free" and time.monotonic() < deadline:
        time.sleep(0.2)


def answers_one_of(app: DeployedApp, *releases: str) -> None:
    """Every host answers through its port, several times, always as the same one of these releases."""
    for host in app.hosts:
        answers = {host.ask() for _ in range(10)}
        assert len(answers) == 1, f"torn: {answers}"
        assert answers.pop().startswith(releases)
