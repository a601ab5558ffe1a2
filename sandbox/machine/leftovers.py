"""Everything in Docker that belongs to one sandbox: counted, and removed, by its label."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import docker
from docker.errors import APIError, NotFound

from sandbox.machine import labels, machine_images


@dataclass(frozen=True)
class Counts:
    """How many of each there are."""

    containers: int
    networks: int
    volumes: int
    #: Machine images that were made of instances.
    images: int = 0

    def __bool__(self) -> bool:
        return bool(self.containers or self.networks or self.volumes or self.images)

    def __str__(self) -> str:
        parts = [
            f"{number} {word}{'' if number == 1 else 's'}"
            for number, word in (
                (self.containers, "container"),
                (self.networks, "network"),
                (self.volumes, "volume"),
                (self.images, "image"),
            )
            if number
        ]
        return ", ".join(parts) or "nothing"


def count(client: docker.DockerClient, sandbox: str) -> Counts:
    """What there is of *sandbox*."""
    only = labels.selector(sandbox)
    return Counts(
        len(client.api.containers(all=True, filters=only)),
        len(client.networks.list(filters=only)),
        len(client.volumes.list(filters=only)),
        len(machine_images.of(client, sandbox)),
    )


def remove(client: docker.DockerClient, sandbox: str) -> Counts:
    """Remove all of it; return what there was. What vanishes meanwhile is no error; raises APIError for what stays."""
    only = labels.selector(sandbox)
    before = count(client, sandbox)
    for summary in client.api.containers(all=True, filters=only):
        with suppress(NotFound):
            _remove_container(client, summary["Id"])
    for network in client.networks.list(filters=only):
        with suppress(NotFound):
            network.remove()
    for volume in client.volumes.list(filters=only):
        with suppress(NotFound):
            volume.remove(force=True)
    machine_images.remove_all(client, sandbox)
    return before


def _remove_container(client: docker.DockerClient, identity: str) -> None:
    try:
        client.api.remove_container(identity, force=True, v=True)
    except APIError as error:
        # Another call is at it already; wait for that one.
        if "already in progress" not in str(error.explanation):
            raise
        with suppress(APIError):
            client.api.wait(identity, timeout=60, condition="removed")
