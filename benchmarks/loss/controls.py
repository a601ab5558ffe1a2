"""The fixtures of the negative controls: units beside the service, and their ports in the host's security group."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from benchmarks.loss.hosts import Host, client
from benchmarks.loss.mechanism import CONTROLS, PLAYBOOKS, play
from benchmarks.loss.progress import say
from sandbox.settings import Settings

GRACEFUL_SECONDS = 5
"""How long uvicorn has for its streams: longer than a short one takes, so that it need not be cut."""


@asynccontextmanager
async def controls(settings: Settings, host: Host, release: str) -> AsyncIterator[None]:
    """Let a host have the controls, serving a release, while the block runs."""
    ec2 = client(settings, "ec2")
    rules = [_rule(port) for port in (way.port for way in CONTROLS) if port]
    say(f"making the controls on {host.instance}")
    await play(f"{PLAYBOOKS}/remove.yml", [host], {})
    ec2.authorize_security_group_ingress(GroupId=host.group, IpPermissions=rules)
    try:
        await play(f"{PLAYBOOKS}/prepare.yml", [host], {"release": release, "graceful": GRACEFUL_SECONDS})
        yield
    finally:
        ec2.revoke_security_group_ingress(GroupId=host.group, IpPermissions=rules)
        await play(f"{PLAYBOOKS}/remove.yml", [host], {})


def _rule(port: int) -> dict[str, Any]:
    # No route leads to a host of the sandbox but from this machine.
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
