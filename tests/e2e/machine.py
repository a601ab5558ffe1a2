"""What a sandbox could leave behind on a machine."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass

import docker

from tests.e2e.run import ROOT

SANDBOX = ROOT / ".sandbox" / "main"


@dataclass(frozen=True)
class Traces:
    """Containers, networks, volumes, firewall rules, interfaces and processes, and whether a sandbox is there."""

    containers: frozenset[str]
    networks: frozenset[str]
    volumes: frozenset[str]
    rules: frozenset[str]
    interfaces: frozenset[str]
    processes: frozenset[str]
    sandbox: bool


def _output(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def _rules() -> frozenset[str]:
    """The firewall's rules without counters and dates; empty where this account may not read them."""
    if shutil.which("iptables-save") is None:
        return frozenset()
    lines = subprocess.run(["iptables-save"], capture_output=True, text=True, check=False).stdout.splitlines()
    return frozenset(line for line in lines if line.startswith("-A"))


def _docker() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    try:
        client = docker.from_env()
        client.ping()
    except docker.errors.DockerException:
        return frozenset(), frozenset(), frozenset()
    containers = frozenset(item.name for item in client.containers.list(all=True))
    networks = frozenset(item.name for item in client.networks.list())
    volumes = frozenset(item.name for item in client.volumes.list())
    return containers, networks, volumes


def traces() -> Traces:
    """What is there now."""
    containers, networks, volumes = _docker()
    links = {line.split(": ")[1].split("@")[0] for line in _output("ip", "-o", "link").splitlines()}
    processes = {line for line in _output("ps", "-eo", "args").splitlines() if "sandbox.server" in line}
    return Traces(
        containers=containers,
        networks=networks,
        volumes=volumes,
        rules=_rules(),
        interfaces=frozenset(links),
        processes=frozenset(processes),
        sandbox=(SANDBOX / "server.pid").exists(),
    )
