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
PLAYBOOKS = Path(__file__).resolve().parent / "playbooks"


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
# The controls are fixtures beside the service, on ports that only exist while they are measured.
RESTART = Mechanism("restart", "restart of the unit", 8101)
SOCKET = Mechanism("socket", "restart behind a held socket", 8102)
MECHANISMS = (BLUE_GREEN, RESTART, SOCKET)


async def play(name: str, hosts: Sequence[Host], variables: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Run one of the playbooks here, and return what the last task has said on each host. Raises PlayError."""
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            *_command(PLAYBOOKS / f"{name}.yml", hosts, variables),
            cwd=ROOT,
            env=_environment()
            | {"ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.tree", "ANSIBLE_CALLBACK_TREE_DIR": folder},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        if process.returncode:
            raise PlayError(f"{name}.yml failed:\n{output.decode(errors='replace')[-3000:]}")
        return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in Path(folder).iterdir()}


def run(playbook: str, hosts: Sequence[Host], variables: Mapping[str, Any]) -> None:
    """Run one of the project's own playbooks to its end. Raises PlayError."""
    done = subprocess.run(
        _command(ROOT / "playbooks" / playbook, hosts, variables),
        cwd=ROOT,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise PlayError(f"{playbook} failed:\n{done.stdout[-3000:]}")


def _command(playbook: Path, hosts: Sequence[Host], variables: Mapping[str, Any]) -> list[str]:
    program = Path(sys.executable).parent / "ansible-playbook"
    # A limit that names localhost alone would leave no host.
    limit = ["-l", ",".join(["localhost", *(host.instance for host in hosts)])] if hosts else []
    # Never another environment: nothing but the sandbox is loaded.
    return [str(program), "-i", "inventories/sandbox", str(playbook), *limit, "-e", json.dumps(variables)]


def _environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "NO_COLOR": "1"}
