"""Counts and removes everything in Docker that belongs to one sandbox, by its label."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import docker
from docker.errors import APIError, NotFound

from sandbox.machine import labels, machine_images


@dataclass(frozen=True)
class Counts:
    """The number of objects of each kind."""

    containers: int
    networks: int
    volumes: int
    #: Machine images that were made from instances.
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
    """Count the objects of *sandbox*."""
    only = labels.selector(sandbox)
    return Counts(
        len(client.api.containers(all=True, filters=only)),
        len(client.networks.list(filters=only)),
        len(client.volumes.list(filters=only)),
        len(machine_images.of(client, sandbox)),
    )


def remove(client: docker.DockerClient, sandbox: str) -> Counts:
    """Remove all objects of *sandbox*; return their number before. Raises APIError if one cannot be removed."""
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
        # Another call removes it already: wait for that call.
        if "already in progress" not in str(error.explanation):
            raise
        with suppress(APIError):
            client.api.wait(identity, timeout=60, condition="removed")
