"""Machine images that CreateImage made from an instance, as Docker images of its container."""

from __future__ import annotations

import docker
from docker.models.images import Image

from sandbox.machine import hosts, labels
from sandbox.settings import Settings

_REPOSITORY = "slipway-sandbox-machine-image"


def tag_of(settings: Settings, image_id: str) -> str:
    """The tag of a machine image's Docker image."""
    return f"{_REPOSITORY}:{settings.name}-{image_id}"


def store(client: docker.DockerClient, settings: Settings, image_id: str, instance_id: str) -> None:
    """Store the instance's container, which is paused meanwhile. Raises docker's NotFound without a container.

    The image does not contain volumes, and so not the data of Docker on the host.
    """
    container = client.containers.get(hosts.container_name(settings, instance_id))
    repository, _, tag = tag_of(settings, image_id).partition(":")
    marks = {**labels.of(settings.name, "machine-image", image_id), labels.IMAGE: "machine-image"}
    container.commit(repository, tag, changes=[f"LABEL {name}={value}" for name, value in marks.items()])


def of(client: docker.DockerClient, sandbox: str) -> list[Image]:
    """The machine images of a sandbox."""
    found: list[Image] = client.images.list(name=_REPOSITORY, filters=labels.selector(sandbox))
    return found


def remove_all(client: docker.DockerClient, sandbox: str) -> None:
    """Remove the machine images of a sandbox."""
    for image in of(client, sandbox):
        client.images.remove(image.id, force=True)
