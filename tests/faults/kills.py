"""Deployers that end without a word, and what they leave to the next one."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.faults.cells import LEASE_SECONDS, Cell, Host

# Ansible runs modules below a shell with this word. The brackets keep the script itself from being found.
END_MODULES = """
for shell in $(pgrep -f [B]ECOME-SUCCESS); do pkill -9 -P "$shell"; done
pkill -9 -f [B]ECOME-SUCCESS
true
"""


def end_modules(host: Host) -> None:
    """Kills what a deployer has started on a host and would go on without it."""
    host.shell(END_MODULES)


@contextmanager
def without_ssh(host: Host) -> Iterator[None]:
    """Nobody comes to the host by SSH, and connections that are there are reset; somebody has tried."""
    rule = "INPUT -p tcp --dport 22 -j REJECT --reject-with tcp-reset"
    host.shell(f"iptables -I {rule}")
    try:
        yield
        packets = int(host.shell("iptables -nvxL INPUT | awk '/dpt:22/ {print $1; exit}'"))
    finally:
        host.shell(f"iptables -D {rule}")
    assert packets > 0


def lease_of(cell: Cell) -> dict[str, Any]:
    """The lease as it lies in S3."""
    bucket, key = cell.lease
    found: dict[str, Any] = json.loads(cell.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    return found


def write_lease(cell: Cell, **changed: Any) -> None:
    """Writes the lease as somebody else would have."""
    bucket, key = cell.lease
    body = json.dumps({**lease_of(cell), **changed})
    cell.client("s3").put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")


def wait_for_lease(cell: Cell) -> None:
    """Waits until nobody holds the lease. The process that renews it lets it go when its play has ended."""
    deadline = time.monotonic() + LEASE_SECONDS
    while lease_of(cell)["state"] != "free" and time.monotonic() < deadline:
        time.sleep(0.2)


def answers_one_of(cell: Cell, *releases: str) -> None:
    """Every host answers through its port, again and again, as one of these releases and always the same."""
    for host in cell.hosts:
        answers = {host.ask() for _ in range(10)}
        assert len(answers) == 1, f"torn: {answers}"
        assert answers.pop().startswith(releases)
