"""Makes sure that a Docker engine answers: uses a running one, starts an installed one, or installs one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import docker

from sandbox import apt
from sandbox.machine import firewall, processes
from sandbox.machine.engine import EngineError, NoAnswerError, connect
from sandbox.report import Step

#: Seconds to wait until an engine answers, and until it has ended.
START_SECONDS = 60
STOP_SECONDS = 30

_INSTALL = "install Docker Engine (on Debian and Ubuntu: `sudo apt-get install docker.io`)"
_START = "start it: `sudo systemctl start docker`, or `sudo dockerd &` where systemd does not run"


def ensure(work: Path, step: Step, confirm: Callable[[str], bool]) -> docker.DockerClient:
    """Connect to an engine. Start or install one if necessary.

    *work* is the folder that records an engine started here.

    *confirm* is called with a question before anything is installed. Raises EngineError, which names the fix.
    """
    try:
        client = connect()
        step.text = f"Docker engine {client.version()['Version']} answers"
        return client
    except NoAnswerError as error:
        _refuse_unless_startable(error)
    if not shutil.which("dockerd"):
        _install(step, confirm)
    if not _wait(seconds=2):
        _start(work, step)
    client = connect()
    step.text = f"Docker engine {client.version()['Version']} started"
    return client


def stop(work: Path) -> str | None:
    """Stop the engine if it was started here and no other container uses it.

    Return a sentence that says what happened, or None if the engine was not started here.
    """
    process = processes.recorded(_record(work))
    if process is None:
        return None
    if not process.alive():
        _record(work).unlink()
        return None
    client = connect()
    others = client.containers.list(all=True)
    client.close()
    if others:
        return (
            f"the Docker engine that was started for the sandbox keeps running: {len(others)} other containers use it"
        )
    process.end(STOP_SECONDS)
    firewall.restore(work)
    _record(work).unlink()
    return "the Docker engine that was started for the sandbox is stopped"


def confirm_on_terminal(question: str) -> bool:
    """Ask a yes-or-no question on the terminal. Without a terminal the answer is yes."""
    if not sys.stdin.isatty():
        return True
    sys.stdout.write(f"{question} [Y/n] ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("", "y", "yes")


def _refuse_unless_startable(error: NoAnswerError) -> None:
    if os.environ.get("DOCKER_HOST"):
        raise EngineError(f"{error}: DOCKER_HOST is {os.environ['DOCKER_HOST']}; correct it or unset it") from error
    if os.geteuid() == 0:
        return
    advice = _START if shutil.which("dockerd") else _INSTALL
    raise EngineError(f"no Docker engine answers, and only root can change that: {advice}") from error


def _install(step: Step, confirm: Callable[[str], bool]) -> None:
    question = "The sandbox needs Docker, which is not installed. Install Debian's docker.io with apt?"
    step.pause()
    if not apt.usable() or not confirm(question):
        raise EngineError(f"Docker is not installed: {_INSTALL}")
    try:
        apt.install(["docker.io"], lambda line: step.progress(f"apt: {line}"))
    except apt.AptError as error:
        raise EngineError(f"Docker is not installed, and {error}: {_INSTALL}") from error


def _start(work: Path, step: Step) -> None:
    if Path("/run/systemd/system").is_dir():
        step.progress("systemctl start docker")
        done = subprocess.run(["systemctl", "start", "docker"], capture_output=True, text=True, check=False)
        if done.returncode != 0 or not _wait(START_SECONDS):
            raise EngineError("Docker does not start: see `journalctl -u docker`")
        return
    step.progress("starting dockerd, as systemd does not run here")
    work.mkdir(parents=True, exist_ok=True)
    firewall.remember(work)
    log = work / "dockerd.log"
    with log.open("wb") as output:
        # Its own session: Ctrl-C in this terminal must not end it.
        running = subprocess.Popen(
            ["dockerd"], stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    processes.record(_record(work), processes.Process.of(running.pid))
    if not _wait(START_SECONDS, lambda: running.poll() is None):
        lines = log.read_text(errors="replace").strip().splitlines() or ["it wrote nothing"]
        raise EngineError(f"dockerd does not start: {lines[-1]} (the log is {log})")


def _wait(seconds: float, running: Callable[[], bool] = lambda: True) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and running():
        try:
            connect().close()
        except NoAnswerError:
            time.sleep(0.2)
        else:
            return True
    return False


def _record(work: Path) -> Path:
    return work / "dockerd.json"
