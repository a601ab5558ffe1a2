"""The connection to the Docker engine, and the reasons why an engine cannot be used."""

from __future__ import annotations

from typing import Any, Literal

import docker
from docker.errors import DockerException

CgroupVersion = Literal["1", "2"]

#: Seconds to wait for the answer to a call. Builds and pulls stream their answers.
CALL_SECONDS = 120
#: Several hosts start at the same time, each in its own thread.
CONNECTIONS = 32


class EngineError(Exception):
    """The engine cannot be used. The message is one sentence that says why and what to do."""


class NoAnswerError(EngineError):
    """There is no engine, or it does not run."""


def connect() -> docker.DockerClient:
    """Connect to the engine that ``DOCKER_HOST`` names, or to the local socket.

    Raises NoAnswerError if none answers, EngineError if one does that cannot serve the sandbox.
    """
    try:
        client = docker.from_env(timeout=CALL_SECONDS, max_pool_size=CONNECTIONS)
        info = client.info()
    except DockerException as error:
        raise _refusal(error) from error
    if refusal := unusable(info):
        client.close()
        raise EngineError(refusal)
    return client


def unusable(info: dict[str, Any]) -> str | None:
    """Why an engine that describes itself as *info* (``GET /info``) cannot serve the sandbox, or None."""
    if "Docker Desktop" in str(info.get("OperatingSystem")):
        return (
            "Docker Desktop keeps containers in a virtual machine, where their addresses cannot be reached: "
            "use Docker Engine on Linux (docs.docker.com/engine/install)"
        )
    if any("rootless" in str(option) for option in info.get("SecurityOptions") or []):
        return (
            "this Docker engine runs rootless, so container addresses cannot be reached from here: "
            "use the system's engine (unset DOCKER_HOST, and be in the group docker)"
        )
    if info.get("OSType") not in (None, "linux"):
        return f"this Docker engine runs {info.get('OSType')} containers: the sandbox needs Linux ones"
    return None


def cgroup_version(client: docker.DockerClient) -> CgroupVersion:
    """The version of control groups on the machine."""
    return "2" if str(client.info().get("CgroupVersion")) == "2" else "1"


def _refusal(error: DockerException) -> EngineError:
    text = str(error)
    if "Permission denied" in text:
        return EngineError(
            "the Docker engine refuses this user: run `sudo usermod -aG docker $USER` and log in again, or run as root"
        )
    return NoAnswerError(f"no Docker engine answers: {text.splitlines()[0]}")
