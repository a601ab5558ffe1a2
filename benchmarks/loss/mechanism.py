"""The ways in which a release takes the place of another, each run by Ansible as a user's is."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.loss.hosts import Host

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOKS = "benchmarks/loss/playbooks"
DRAIN_SECONDS = 60


class PlayError(Exception):
    """A play has failed; the message is the end of its output."""


@dataclass(frozen=True)
class Mechanism:
    """`port`: where it serves on a host. None is the port of the service itself."""

    name: str
    title: str
    port: int | None = None

    def port_on(self, host: Host) -> int:
        """Return the port that is loaded."""
        return self.port or host.port


BLUE_GREEN = Mechanism("blue_green", "blue/green behind HAProxy")
ROLLBACK = Mechanism("rollback", "rollback, by the same switch")
DEPLOY = Mechanism("deploy", "`make deploy`, all of it")
# The controls are fixtures beside the service, on ports that only exist while they are measured.
RESTART = Mechanism("restart", "restart of the unit", 8101)
SOCKET = Mechanism("socket", "restart behind a held socket", 8102)
CONTROLS = (RESTART, SOCKET)
MECHANISMS = (BLUE_GREEN, ROLLBACK, DEPLOY, *CONTROLS)


async def play(playbook: str, hosts: Sequence[Host], variables: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Run a playbook, by its path in the project, and return what its last task has said on each host.

    Without hosts it is for all that the sandbox has. Raises PlayError.
    """
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            *_command(playbook, hosts, variables),
            cwd=ROOT,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        if process.returncode:
            raise PlayError(f"{playbook} failed:\n{output.decode(errors='replace')[-3000:]}")
        return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in Path(folder).iterdir()}


@dataclass(frozen=True)
class Release:
    """What can serve: its id on the hosts that have it, and the folder that `make deploy` makes the like of it from."""

    id: str
    folder: Path


async def switch(way: Mechanism, hosts: Sequence[Host], release: Release) -> dict[str, dict[str, Any]]:
    """Let a release serve, and return what the module has said on each host. Raises PlayError."""
    if way is ROLLBACK:
        return await play("playbooks/rollback.yml", hosts, {"to": release.id})
    if way is DEPLOY:
        return await play("playbooks/deploy.yml", [], {"dir": str(release.folder)})
    variables = {"mechanism": way.name, "release": release.id, "drain": DRAIN_SECONDS}
    return await play(f"{PLAYBOOKS}/switch.yml", hosts, variables)


def _command(playbook: str, hosts: Sequence[Host], variables: Mapping[str, Any]) -> list[str]:
    program = Path(sys.executable).parent / "ansible-playbook"
    # A limit that names localhost alone would leave no host.
    limit = ["-l", ",".join(["localhost", *(host.instance for host in hosts)])] if hosts else []
    # Whoever releases works elsewhere in real life: here that must not take the processors from hosts and clients.
    aside = ["nice", "-n", "19"]
    # Never another environment: nothing but the sandbox is loaded.
    return [*aside, str(program), "-i", "inventories/sandbox", playbook, *limit, "-e", json.dumps(variables)]


def _environment(folder: str) -> dict[str, str]:
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.tree",
        "ANSIBLE_CALLBACK_TREE_DIR": folder,
        "NO_COLOR": "1",
    }
