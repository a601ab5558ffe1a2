"""An environment's hosts as its inventory knows them, and `make ssh`, which reaches one."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Ansible resolves these for each host: what is a template in the inventory is a value here.
QUESTION = """{{ {
  'address': ansible_host, 'user': ansible_user, 'key': ansible_ssh_private_key_file | default(''),
  'options': ansible_ssh_common_args | default(''), 'public': slipway_public_address | default(''),
  'port': slipway_port, 'health': slipway_health_path, 'app': slipway_app,
  'artifact': slipway_artifact | default(''),
  'unit': uvicorn_unit | default('backend'), 'directory': uvicorn_dir | default('/opt/backend')
} }}"""


class NoHostError(Exception):
    """There is no host to reach; the message says what to do."""


@dataclass(frozen=True)
class Host:
    """What is needed to reach one host. `public` is empty where it has no public address."""

    name: str
    address: str
    user: str
    key: str
    options: str
    public: str
    port: int
    health: str
    app: str
    unit: str = "backend"
    directory: str = "/opt/backend"
    artifact: str = "s3://"
    """Where what it runs is published; empty for a host that is ready for Docker, and has no service of Slipway's."""

    def ssh(self, command: list[str], options: Sequence[str] = ()) -> list[str]:
        """Return the ssh command line that reaches the host as Ansible does, with more of ssh's own options."""
        key = ["-i", self.key] if self.key else []
        return ["ssh", *options, *shlex.split(self.options), *key, f"{self.user}@{self.address}", *command]

    def health_url(self) -> str:
        """Return where a client asks the service for its health."""
        return f"http://{self.public or self.address}:{self.port}{self.health}"


def find_hosts(inventory: str) -> list[Host]:
    """Return the environment's hosts, by name. Raises NoHostError when there is none or it cannot be told."""
    answers = ask(inventory, QUESTION)
    return [Host(name=name, **facts | {"port": int(facts["port"])}) for name, facts in answers.items()]


def ask(inventory: str, question: str) -> dict[str, dict[str, Any]]:
    """Return what a template gives for each of the environment's hosts, by the host's name.

    Raises NoHostError when there is no host or it cannot be told.
    """
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [
                *(Path(sys.executable).parent / "ansible", "slipway", "-i", inventory),
                *("-m", "ansible.builtin.debug", "-a", f"msg={json.dumps(question)}", "--tree", folder),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        files = sorted(Path(folder).iterdir())
        answers = {path.name: json.loads(path.read_text(encoding="utf-8"))["msg"] for path in files}
    if done.returncode:
        raise NoHostError(f"The hosts of {inventory} cannot be told: {done.stderr.strip() or done.stdout.strip()}")
    if not answers:
        raise NoHostError(f"There is no host in {inventory}. Make one with: make site")
    return answers


def choose(hosts: list[Host], name: str | None) -> Host:
    """Return the host of that name, or the only one. Raises NoHostError with the names there are."""
    names = ", ".join(f"{host.name} ({host.app})" for host in hosts)
    if name:
        for host in hosts:
            if host.name == name:
                return host
        raise NoHostError(f"There is no host {name}. There are: {names}")
    if len(hosts) > 1:
        raise NoHostError(f"There are several hosts, choose one with HOST=…: {names}")
    return hosts[0]


def main() -> None:
    """Open a shell on a host, or run a command there."""
    parser = argparse.ArgumentParser(description="Reach a host of an environment as Ansible does.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    ssh = verbs.add_parser("ssh", help="open a shell on a host, or run a command there")
    ssh.add_argument("--inventory", required=True)
    ssh.add_argument("--host", help="the instance id; needed where there are several hosts")
    ssh.add_argument("command", nargs="*")
    arguments = parser.parse_args()
    try:
        argv = choose(find_hosts(arguments.inventory), arguments.host).ssh(arguments.command)
    except NoHostError as error:
        sys.exit(str(error))
    os.execvp(argv[0], argv)  # noqa: S606 - a shell has no part in this


if __name__ == "__main__":
    main()
