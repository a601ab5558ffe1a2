"""What this sandbox could leave on a machine on which another sandbox may run."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import docker

from sandbox.settings import NAMES
from tests.e2e.run import ROOT

SANDBOX = ROOT / ".sandbox" / "main"
OTHER_NAMES = tuple(name for name in NAMES if name != "main")
OTHERS = tuple(f"slipway-{name}-" for name in OTHER_NAMES)


@dataclass(frozen=True)
class Traces:
    """Containers, networks, volumes, firewall rules, interfaces and processes, and whether a sandbox exists."""

    containers: frozenset[str]
    networks: frozenset[str]
    volumes: frozenset[str]
    rules: frozenset[str]
    interfaces: frozenset[str]
    processes: frozenset[str]
    sandbox: bool


def _output(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def _rules(foreign: frozenset[str]) -> frozenset[str]:
    """The firewall's rules without counters and dates. Empty if this account may not read them."""
    if shutil.which("iptables-save") is None:
        return frozenset()
    lines = subprocess.run(["iptables-save"], capture_output=True, text=True, check=False).stdout.splitlines()
    return frozenset(line for line in lines if line.startswith("-A") and not foreign & set(line.split()))


def _interfaces(foreign: frozenset[str]) -> frozenset[str]:
    lines = [line for line in _output("ip", "-o", "link").splitlines() if not foreign & set(re.split(r"[ :@]+", line))]
    return frozenset(line.split(": ")[1].split("@")[0] for line in lines)


@dataclass(frozen=True)
class _Docker:
    """Docker's objects except those of another sandbox, and the bridges of the other sandbox."""

    containers: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    volumes: frozenset[str] = frozenset()
    foreign_bridges: frozenset[str] = frozenset()


def _docker() -> _Docker:
    try:
        client = docker.from_env()
        client.ping()
    except docker.errors.DockerException:
        return _Docker()

    def own(items: Iterable[Any]) -> frozenset[str]:
        return frozenset(item.name for item in items if not item.name.startswith(OTHERS))

    networks = client.networks.list()
    return _Docker(
        own(client.containers.list(all=True)),
        own(networks),
        own(client.volumes.list()),
        frozenset(f"br-{item.id[:12]}" for item in networks if item.name.startswith(OTHERS)),
    )


def traces() -> Traces:
    """The present traces."""
    found = _docker()
    servers = {line for line in _output("ps", "-eo", "args").splitlines() if "sandbox.server" in line}
    return Traces(
        containers=found.containers,
        networks=found.networks,
        volumes=found.volumes,
        rules=_rules(found.foreign_bridges),
        interfaces=_interfaces(found.foreign_bridges),
        processes=frozenset(line for line in servers if line.split()[-1] not in OTHER_NAMES),
        sandbox=(SANDBOX / "server.pid").exists(),
    )
