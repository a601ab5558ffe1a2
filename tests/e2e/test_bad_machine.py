"""If the machine lacks something, the message names it before anything starts."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from sandbox.settings import settings_for
from tests.e2e.machine import Traces, traces
from tests.e2e.run import ROOT, make, run

SETTINGS = settings_for("main")
NOBODY = 65534


@pytest.fixture(autouse=True)
def nothing_is_left(before: Traces) -> Iterator[None]:
    """A run that lacks something may not make anything."""
    yield
    after = traces()
    assert after.containers <= before.containers
    assert {name for name in after.networks - before.networks if name.startswith("slipway")} == set()
    assert after.processes <= before.processes


def test_no_terraform(tmp_path: Path) -> None:
    for folder in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in Path(folder).glob("*"):
            if program.name != "terraform" and os.access(program, os.X_OK):
                link = tmp_path / program.name
                link.unlink(missing_ok=True)
                link.symlink_to(program)
    done = make("site", env={"PATH": str(tmp_path), "SLIPWAY_TERRAFORM_MIRROR": "https://127.0.0.1:9"})
    assert done.code != 0
    assert "Terraform" in done.output
    assert "1.11" in done.output


def test_no_docker_and_no_root(tmp_path: Path) -> None:
    copy = tmp_path / "checkout"
    names = ("sandbox", "slipway")
    for name in names:
        shutil.copytree(ROOT / name, copy / name)
    for path in [tmp_path, copy, *copy.rglob("*")]:
        os.chown(path, NOBODY, NOBODY)
    for parent in tmp_path.parents:
        if parent.owner() == "root" and parent != Path("/") and str(parent).startswith("/tmp/pytest"):
            parent.chmod(0o755)
    packages = next((ROOT / ".venv" / "lib").glob("python3*")) / "site-packages"
    done = subprocess.run(
        ["/usr/bin/python3", "-m", "sandbox", "up"],
        cwd=copy,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(packages), "DOCKER_HOST": "unix:///nonexistent/docker.sock"},
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "Docker" in done.stderr
    assert "Traceback" not in done.stderr


def test_port_taken() -> None:
    with socket.socket() as taken:
        # Connections of a sandbox that has just stopped can remain for a while.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", SETTINGS.api_port))
        taken.listen()
        done = make("site")
    assert done.code != 0
    assert str(SETTINGS.api_port) in done.output
    assert str(os.getpid()) in done.output, "whoever holds the port must be named"


def test_network_taken() -> None:
    pool = docker.types.IPAMConfig(pool_configs=[docker.types.IPAMPool(subnet=SETTINGS.public_cidr)])
    networks = docker.from_env().networks
    for old in networks.list(names=["exp-taken"]):  # Left by a killed run.
        old.remove()
    network = networks.create("exp-taken", ipam=pool)
    try:
        done = make("site")
    finally:
        network.remove()
    assert done.code != 0
    assert SETTINGS.public_cidr in done.output
    assert "exp-taken" in done.output


@pytest.mark.parametrize(
    ("arguments", "known"), [(("ENV=nowhere",), "sandbox"), (("BLUEPRINT=nothing",), "location-content")]
)
def test_unknown_environment_or_blueprint(arguments: tuple[str, ...], known: str) -> None:
    done = make("site", *arguments)
    assert done.code != 0
    assert arguments[0].split("=")[1] in done.output
    assert known in done.output


def test_unknown_environment_without_make() -> None:
    done = run([str(ROOT / ".venv" / "bin" / "ansible-playbook"), "-i", "inventories/nowhere", "site.yml"])
    assert done.code != 0
    assert "inventories/nowhere" in done.output
