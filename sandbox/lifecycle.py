"""Bringing a sandbox up and taking it down."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
from botocore.exceptions import BotoCoreError, ClientError
from docker.errors import APIError, DockerException

from sandbox import account
from sandbox.machine import daemon, engine, images, leftovers, networks, ports, processes, status
from sandbox.report import Report
from sandbox.settings import NAMES, Settings, settings_for

#: Seconds that the server may take until it answers, and until it has ended.
START_SECONDS = 60
STOP_SECONDS = 15
#: Seconds that a port may take to become free.
PORT_SECONDS = 2
#: Seconds that a second `up` or `down` waits for the first.
LOCK_SECONDS = 300

ROOT = Path(__file__).resolve().parent.parent


class SandboxError(Exception):
    """The sandbox cannot be brought up or taken down. The message is one sentence with the fix."""


def up(settings: Settings, report: Report, ask: Callable[[str], bool] = daemon.ask_on_terminal) -> None:
    """Make sure that the sandbox runs. Doing it again changes nothing.

    Raises SandboxError or EngineError, with the fix, if it cannot.
    """
    with _alone(settings, report):
        with report.step("Docker engine") as step:
            client = daemon.ensure(_work(settings), step, ask)
        process = _server(settings)
        if process and process.alive() and account.answers(settings):
            with report.step(f"sandbox {settings.name}: runs at {settings.api_url} (process {process.pid})"):
                processes.record(settings.pid_file, process)
        else:
            if process and process.alive():
                with report.step(f"the server (process {process.pid}) does not answer and is stopped"):
                    process.end(STOP_SECONDS)
            _check(settings, client, report)
            _clean(settings, client, report, died=process is not None)
            _start(settings, report)
        with report.step(f"key pair {settings.key_pair_name}: {_relative(settings.ssh_key)}"):
            account.ensure_key_pair(settings)
        with report.step(f"bucket {settings.state_bucket} for Terraform's state"):
            account.ensure_state_bucket(settings)
        with report.step(f"policy {account.BOUNDARY_NAME}, the permissions boundary of hosts' roles"):
            account.ensure_boundary(settings)
        with report.step(f"VPC {settings.shared_vpc_name} ({settings.vpc_cidr_shared}), for those who bring a network"):
            account.ensure_shared_network(settings)
        with report.step("images") as step:
            missing = [name for name in images.IMAGES if not images.present(client, name)]
            step.text = (
                f"images: {' and '.join(missing)} are being built meanwhile (`python -m sandbox status` shows how far)"
                if missing
                else "images are built"
            )
        client.close()


def down(settings: Settings, report: Report, *, with_images: bool = False) -> None:
    """Remove the sandbox and all that is in it. Doing it again changes nothing.

    Raises SandboxError or EngineError, with the fix, if something stays.
    """
    with _alone(settings, report):
        process = _server(settings)
        lost = settings.directory.exists()
        if process and process.alive():
            with report.step(f"server (process {process.pid}) is stopped"):
                process.end(STOP_SECONDS)
        settings.pid_file.unlink(missing_ok=True)
        _empty_engine(settings, report, with_images=with_images)
        if lost:
            with report.step(f"{_relative(settings.directory)}: keys, certificates and log are removed"):
                shutil.rmtree(settings.directory)
            report.note("Lost: the AWS account in the box, Terraform's state of it, hosts, databases and their data.")
        else:
            report.note(f"The sandbox {settings.name} was not up.")


def describe(settings: Settings) -> dict[str, Any]:
    """What there is, for programs: whether it runs, where, and what the server says of its machines."""
    try:
        process = _server(settings)
    except SandboxError:
        process = None
    running = process is not None and process.alive()
    return {
        "name": settings.name,
        "running": running,
        "pid": process.pid if process and running else None,
        "url": settings.api_url,
        "answers": running and account.answers(settings),
        **(status.read(settings.directory) if running else {}),
    }


def _server(settings: Settings) -> processes.Process | None:
    """This checkout's server: the one on record, dead or alive, or one that listens although its record is lost.

    Raises SandboxError if it is another checkout's: ports, networks and labels are the same there.
    """
    process = processes.recorded(settings.pid_file)
    if process and process.alive():
        return process
    pid = ports.holder("127.0.0.1", settings.api_port)
    if pid is None or "-m sandbox.server" not in processes.command_line(pid):
        return process
    folder = Path(f"/proc/{pid}/cwd").resolve()
    if folder != ROOT:
        raise SandboxError(
            f"the sandbox {settings.name} of another checkout, {folder}, runs (process {pid}): "
            f"take it down first, with `python -m sandbox down --name {settings.name}` there"
        )
    return processes.Process.of(pid)


def _clean(settings: Settings, client: docker.DockerClient, report: Report, *, died: bool) -> None:
    """Remove what a server left that did not end as it should."""
    there = leftovers.count(client, settings.name)
    if died or there:
        with report.step(f"the last server has died, and its AWS account with it; removed what it left: {there}"):
            leftovers.remove(client, settings.name)
    for path in (settings.pid_file, settings.known_hosts, settings.directory / status.FILE_NAME):
        path.unlink(missing_ok=True)


def _check(settings: Settings, client: docker.DockerClient, report: Report) -> None:
    with report.step("ports and networks are free"):
        needs = [
            ports.Need(settings.api_port, "the AWS API", "127.0.0.1"),
            ports.Need(settings.imds_port, "instance metadata"),
            ports.Need(settings.stub_port, "the TLS stubs"),
        ]
        # A process that was killed may hold its sockets a little longer.
        deadline = time.monotonic() + PORT_SECONDS
        while found := ports.taken(needs, ports.listeners()):
            if time.monotonic() > deadline:
                raise SandboxError("; ".join(found))
            time.sleep(0.1)
        wanted = (settings.vpc_cidr, settings.vpc_cidr_default, settings.vpc_cidr_shared, settings.public_cidr)
        if found := networks.conflicts(wanted, networks.taken_ranges(client, settings)):
            raise SandboxError("; ".join(found) + ": remove it, or take the sandbox to another machine")


def _start(settings: Settings, report: Report) -> None:
    with report.step(f"sandbox {settings.name}: started at {settings.api_url}"):
        settings.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Nothing of the operator's AWS settings may reach the server.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        with settings.log_file.open("wb") as log:
            # A session of its own: Ctrl-C in the terminal that starts it must not end it.
            server = subprocess.Popen(
                [sys.executable, "-m", "sandbox.server", "--name", settings.name],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        processes.record(settings.pid_file, processes.Process.of(server.pid))
        deadline = time.monotonic() + START_SECONDS
        while not account.answers(settings):
            if server.poll() is not None or time.monotonic() > deadline:
                server.kill()
                raise SandboxError(f"the server does not start: {_last_line(settings.log_file)}")
            time.sleep(0.1)


def _empty_engine(settings: Settings, report: Report, *, with_images: bool) -> None:
    try:
        client = engine.connect()
    except engine.NoAnswerError:
        if settings.directory.exists():
            report.note("Docker does not answer: if it has containers of this sandbox, start it and run this again.")
        return
    try:
        there = leftovers.count(client, settings.name)
        if there:
            with report.step(f"Docker: removed {there}"):
                leftovers.remove(client, settings.name)
        if with_images:
            for tag in images.all_tags(client):
                with report.step(f"image {tag} is removed"):
                    client.images.remove(tag, force=True)
    except APIError as error:
        raise SandboxError(f"Docker cannot remove something: {error.explanation}; run this again") from error
    finally:
        client.close()
    others = [settings_for(name) for name in NAMES if name != settings.name]
    if any(process.alive() for other in others if (process := processes.recorded(other.pid_file))):
        return
    with report.step("Docker engine") as step:
        told = daemon.stop(_work(settings))
        if told:
            step.text = told
        else:
            step.unsaid()


@contextmanager
def _alone(settings: Settings, report: Report) -> Iterator[None]:
    """Keep two commands for one sandbox apart. The lock goes with the process, however that ends."""
    path = _work(settings) / f"{settings.name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + LOCK_SECONDS
    told = False
    with path.open("w") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    report.note(f"Waiting for another command that starts or stops the sandbox {settings.name}.")
                    told = True
                if time.monotonic() > deadline:
                    raise SandboxError(
                        f"another command has been starting or stopping the sandbox {settings.name} for "
                        f"{LOCK_SECONDS} s: end it, then run this again"
                    ) from None
                time.sleep(0.2)
        yield


def _work(settings: Settings) -> Path:
    """The folder that all sandboxes of this checkout share."""
    return settings.directory.parent


def _relative(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").strip().splitlines()
    return f"{lines[-1] if lines else 'it wrote nothing'} (all of it is in {_relative(path)})"


#: What a command reports in one line rather than with a traceback.
EXPECTED = (SandboxError, engine.EngineError, DockerException, BotoCoreError, ClientError, OSError)
