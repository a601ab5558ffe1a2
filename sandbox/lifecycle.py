"""Starts a sandbox, and removes it."""

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

#: Seconds to wait until the server answers, and until it has ended.
START_SECONDS = 60
STOP_SECONDS = 15
#: Seconds to wait until a port is free.
PORT_SECONDS = 2
#: Seconds that `up` or `down` waits for another one that runs.
LOCK_SECONDS = 300


class SandboxError(Exception):
    """The sandbox cannot be started or removed. The message is one sentence with the fix."""


def up(settings: Settings, report: Report, confirm: Callable[[str], bool] = daemon.confirm_on_terminal) -> None:
    """Start the sandbox. Does nothing if it runs.

    Raises SandboxError or EngineError, with the fix, if it cannot.
    """
    with _locked(settings, report):
        with report.step("Docker engine") as step:
            client = daemon.ensure(_shared_directory(settings), step, confirm)
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
        with report.step(f"key pair {settings.key_pair_name}: {_relative(settings, settings.ssh_key)}"):
            account.ensure_key_pair(settings)
        with report.step(f"bucket {settings.state_bucket} for Terraform's state"):
            account.ensure_state_bucket(settings)
        for policy in settings.project.policies:
            with report.step(f"policy {policy.name}: {_relative(settings, policy.document)}"):
                account.ensure_policy(settings, policy)
        with report.step(f"VPC {settings.shared_vpc_name} ({settings.vpc_cidr_shared}), a network that exists already"):
            account.ensure_shared_network(settings)
        with report.step("images") as step:
            missing = [name for name in images.IMAGES if not images.present(client, name)]
            step.text = (
                f"images: {' and '.join(missing)} are being built (`python -m sandbox status` shows the progress)"
                if missing
                else "images are built"
            )
        client.close()


def down(settings: Settings, report: Report, *, with_images: bool = False) -> None:
    """Remove the sandbox with everything in it. Does nothing if there is none.

    Raises SandboxError or EngineError, with the fix, if something cannot be removed.
    """
    with _locked(settings, report):
        process = _server(settings)
        lost = settings.directory.exists()
        if process and process.alive():
            with report.step(f"server (process {process.pid}) is stopped"):
                process.end(STOP_SECONDS)
        settings.pid_file.unlink(missing_ok=True)
        _empty_engine(settings, report, with_images=with_images)
        if lost:
            with report.step(f"{_relative(settings, settings.directory)}: keys, certificates and log are removed"):
                shutil.rmtree(settings.directory)
            report.note("Removed: the sandbox's AWS account, Terraform's state in it, hosts, databases and their data.")
        else:
            report.note(f"The sandbox {settings.name} did not run.")


def describe(settings: Settings) -> dict[str, Any]:
    """The sandbox's state, for programs: whether it runs, where, and the state of its hosts and databases."""
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
    """This project's server: the recorded one, which may have ended, or one that listens without a record.

    Raises SandboxError for the server of another folder: it uses the same ports, networks and labels.
    """
    process = processes.recorded(settings.pid_file)
    if process and process.alive():
        return process
    pid = ports.holder("127.0.0.1", settings.api_port)
    if pid is None or "-m sandbox.server" not in processes.command_line(pid):
        return process
    folder = Path(f"/proc/{pid}/cwd").resolve()
    if folder != settings.project.root:
        raise SandboxError(
            f"the sandbox {settings.name} of another folder, {folder}, runs (process {pid}): "
            f"remove it first, with `python -m sandbox down --name {settings.name}` in that folder"
        )
    return processes.Process.of(pid)


def _clean(settings: Settings, client: docker.DockerClient, report: Report, *, died: bool) -> None:
    """Remove the leftovers of a server that ended unexpectedly."""
    found = leftovers.count(client, settings.name)
    if died or found:
        with report.step(f"the last server ended unexpectedly, so its AWS account is lost; removed leftovers: {found}"):
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
        # A killed process can hold its sockets a little longer.
        deadline = time.monotonic() + PORT_SECONDS
        while found := ports.taken(needs, ports.listeners()):
            if time.monotonic() > deadline:
                raise SandboxError("; ".join(found))
            time.sleep(0.1)
        wanted = (settings.vpc_cidr, settings.vpc_cidr_default, settings.vpc_cidr_shared, settings.public_cidr)
        if found := networks.conflicts(wanted, networks.taken_ranges(client, settings)):
            raise SandboxError("; ".join(found) + ": remove it, or use another machine for the sandbox")


def _start(settings: Settings, report: Report) -> None:
    with report.step(f"sandbox {settings.name}: started at {settings.api_url}"):
        settings.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        # The operator's AWS settings must not reach the server.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        with settings.log_file.open("wb") as log:
            # Its own session: Ctrl-C in this terminal must not end it.
            server = subprocess.Popen(
                [sys.executable, "-m", "sandbox.server", "--name", settings.name],
                cwd=settings.project.root,
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
                raise SandboxError(f"the server does not start: {_last_line(settings)}")
            time.sleep(0.1)


def _empty_engine(settings: Settings, report: Report, *, with_images: bool) -> None:
    try:
        client = engine.connect()
    except engine.NoAnswerError:
        if settings.directory.exists():
            report.note(
                "Docker does not answer: if it has containers of this sandbox, start Docker and run this again."
            )
        return
    try:
        found = leftovers.count(client, settings.name)
        if found:
            with report.step(f"Docker: removed {found}"):
                leftovers.remove(client, settings.name)
        if with_images:
            for tag in images.all_tags(client):
                with report.step(f"image {tag} is removed"):
                    client.images.remove(tag, force=True)
    except APIError as error:
        raise SandboxError(f"Docker cannot remove something: {error.explanation}; run this again") from error
    finally:
        client.close()
    others = [settings_for(name, settings.project) for name in NAMES if name != settings.name]
    if any(process.alive() for other in others if (process := processes.recorded(other.pid_file))):
        return
    with report.step("Docker engine") as step:
        message = daemon.stop(_shared_directory(settings))
        if message:
            step.text = message
        else:
            step.skip()


@contextmanager
def _locked(settings: Settings, report: Report) -> Iterator[None]:
    """Let one command at a time change the sandbox. The lock ends with the process."""
    path = _shared_directory(settings) / f"{settings.name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + LOCK_SECONDS
    waiting = False
    with path.open("w") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not waiting:
                    report.note(f"Waiting for another command that starts or stops the sandbox {settings.name}.")
                    waiting = True
                if time.monotonic() > deadline:
                    raise SandboxError(
                        f"another command has been starting or stopping the sandbox {settings.name} for "
                        f"{LOCK_SECONDS} s: end it and run this again"
                    ) from None
                time.sleep(0.2)
        yield


def _shared_directory(settings: Settings) -> Path:
    """The folder that all sandboxes of the project share."""
    return settings.directory.parent


def _relative(settings: Settings, path: Path) -> str:
    root = settings.project.root
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _last_line(settings: Settings) -> str:
    lines = settings.log_file.read_text(errors="replace").strip().splitlines()
    return f"{lines[-1] if lines else 'it wrote nothing'} (the log is {_relative(settings, settings.log_file)})"


#: The errors that a command reports in one line, without a traceback.
EXPECTED = (SandboxError, engine.EngineError, DockerException, BotoCoreError, ClientError, OSError)
