"""Removes what an engine leaves in the machine's network when it ends: rules, a bridge, a policy.

Only for an engine that the sandbox started, and only what the machine did not have before. Another engine, and one that
the service manager starts, are not changed.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path

_TABLES = ("filter", "nat")
_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
_BRIDGE = "docker0"


def remember(work: Path) -> None:
    """Record the network's state before the engine starts."""
    state = {
        "rules": {table: _rules(table) for table in _TABLES},
        "bridge": Path(f"/sys/class/net/{_BRIDGE}").exists(),
        "forwarding": _FORWARDING.read_text().strip(),
    }
    _file(work).write_text(json.dumps(state))


def restore(work: Path) -> None:
    """Remove what the engine has added since `remember`, and nothing else."""
    if not _file(work).exists():
        return
    before = json.loads(_file(work).read_text())
    for table in _TABLES:
        for command in removals(before["rules"][table], _rules(table)):
            subprocess.run(["iptables", "-w", "-t", table, *command], capture_output=True, check=False)
    if not before["bridge"] and shutil.which("ip"):
        subprocess.run(["ip", "link", "delete", _BRIDGE], capture_output=True, check=False)
    if before["forwarding"] == "0":
        _FORWARDING.write_text("0\n")
    _file(work).unlink()


def removals(before: list[str], after: list[str]) -> list[list[str]]:
    """Arguments for ``iptables`` that remove the engine's part of *after*. Both are the output of ``iptables -S``."""
    old = set(before)
    rules = [line for line in after if line.startswith("-A") and line not in old and "DOCKER" in line.upper()]
    chains = [line.split()[1] for line in after if line.startswith("-N DOCKER") and line not in old]
    policies = [line.split() for line in before if line.startswith("-P") and line not in after]
    commands = [["-D", *shlex.split(rule)[1:]] for rule in rules]
    return commands + [["-F", chain] for chain in chains] + [["-X", chain] for chain in chains] + policies


def _rules(table: str) -> list[str]:
    if not shutil.which("iptables"):
        return []
    done = subprocess.run(["iptables", "-w", "-t", table, "-S"], capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


def _file(work: Path) -> Path:
    return work / "before-dockerd.json"
