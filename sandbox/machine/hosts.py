"""EC2 instances as containers that run systemd."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from sandbox.contract import Instance, Vpc
from sandbox.machine import labels, networks
from sandbox.machine.archive import File, pack
from sandbox.machine.engine import CgroupVersion
from sandbox.settings import (
    HOST_API_ADDRESS,
    HOST_API_PORT,
    HOST_IMDS_ADDRESS,
    HOST_IMDS_PORT,
    HOST_STUB_ADDRESS,
    HOST_STUB_PORT,
    Settings,
)

#: What systemd needs beyond Docker's defaults. SYS_PTRACE: without it PrivateUsers with ProtectProc fails
#: (systemd#29656). Not `privileged`, which asks for capabilities that a machine may not have itself.
CAPABILITIES = ("SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "MKNOD")
UNCONFINED = ("seccomp=unconfined", "apparmor=unconfined", "label=disable")
#: Seconds to wait until a host has shut down, before it is killed.
STOP_SECONDS = 20
#: Seconds after which a host that failed before counts as running.
SETTLE_SECONDS = 3
#: Where a host looks for added certificates, without a leading slash.
_TRUST_FOLDER = "usr/local/share/ca-certificates/slipway"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Plan:
    """Everything that the container of an instance is made from."""

    host: Instance
    network: Vpc
    image: str
    cgroups: CgroupVersion
    #: Certificates in PEM form, by file name, that the host is to trust.
    trusted: dict[str, bytes]


def container_name(settings: Settings, instance_id: str) -> str:
    """The name of an instance's container."""
    return f"slipway-{settings.name}-{instance_id}"


def volume_name(settings: Settings, instance_id: str) -> str:
    """The name of the volume under ``/var/lib/docker``: overlayfs cannot lie on overlayfs."""
    return f"{container_name(settings, instance_id)}-docker"


def redirects(settings: Settings, gateway: str) -> str:
    """The redirects of a host's calls to the sandbox, in the form that the image's first process reads."""
    pairs = (
        (HOST_IMDS_ADDRESS, HOST_IMDS_PORT, settings.imds_port),
        (HOST_API_ADDRESS, HOST_API_PORT, settings.api_port),
        (HOST_STUB_ADDRESS, HOST_STUB_PORT, settings.stub_port),
    )
    return " ".join(f"{address}:{port}={gateway}:{target}" for address, port, target in pairs)


def host_options(settings: Settings, plan: Plan) -> dict[str, Any]:
    """The container's capabilities and what it shares with the machine, for ``create_host_config``."""
    binds = [f"{volume_name(settings, plan.host.instance_id)}:/var/lib/docker"]
    if plan.cgroups == "1":
        # Version 1 has no private tree that is writable: each systemd keeps to its own part of the machine's.
        binds.append("/sys/fs/cgroup:/sys/fs/cgroup:rw")
    return {
        "cap_add": list(CAPABILITIES),
        "security_opt": list(UNCONFINED),
        "cgroupns": "host" if plan.cgroups == "1" else "private",
        "binds": binds,
        "tmpfs": {"/run": "rw,nosuid,nodev,mode=0755", "/run/lock": "", "/tmp": "rw,nosuid,nodev,exec,mode=1777"},  # noqa: S108 - a mount point
        "extra_hosts": dict.fromkeys(settings.stub_names, HOST_STUB_ADDRESS),
        "network_mode": networks.vpc_network_name(settings, plan.host.vpc_id),
    }


def options(settings: Settings, plan: Plan) -> dict[str, Any]:
    """The container's other settings, for ``create_container``."""
    host = plan.host
    return {
        "image": plan.image,
        "name": container_name(settings, host.instance_id),
        "hostname": "ip-" + host.private_ip.replace(".", "-"),
        "labels": labels.of(settings.name, "host", host.instance_id),
        "environment": {"SLIPWAY_REDIRECTS": redirects(settings, plan.network.gateway)},
        # With a terminal, /dev/console reaches the container's log: that is the instance's console output.
        "tty": True,
    }


def create(client: docker.DockerClient, settings: Settings, plan: Plan) -> Container:
    """Make the container of an instance and start it. Leftovers of an earlier attempt are replaced."""
    host = plan.host
    remove(client, settings, host.instance_id)
    network = networks.ensure_vpc(client, settings, plan.network)
    client.volumes.create(
        volume_name(settings, host.instance_id), labels=labels.of(settings.name, "host", host.instance_id)
    )
    api = client.api
    host_config = api.create_host_config(**host_options(settings, plan))
    # `docker run --security-opt systempaths=unconfined` sends this. The SDK has no option for it.
    host_config |= {"MaskedPaths": [], "ReadonlyPaths": []}
    endpoint = api.create_endpoint_config(ipv4_address=host.private_ip)
    created = api.create_container(
        **options(settings, plan),
        host_config=host_config,
        networking_config=api.create_networking_config({network.name: endpoint}),
    )
    container = client.containers.get(created["Id"])
    files = [File(f"{_TRUST_FOLDER}/{name}", content) for name, content in plan.trusted.items()]
    try:
        container.put_archive("/", pack(files))
        if host.public_ip:
            connect_public(client, settings, host.instance_id, host.public_ip)
        container.start()
    except BaseException:
        # An incomplete container must not count as a stopped instance.
        container.remove(force=True, v=True)
        raise
    return container


def connect_public(client: docker.DockerClient, settings: Settings, instance_id: str, address: str) -> None:
    """Give the instance its public address."""
    public = networks.ensure_public(client, settings)
    public.connect(container_name(settings, instance_id), ipv4_address=address)


def disconnect_public(client: docker.DockerClient, settings: Settings, instance_id: str) -> None:
    """Take the instance's public address away."""
    networks.ensure_public(client, settings).disconnect(container_name(settings, instance_id), force=True)


def start(client: docker.DockerClient, settings: Settings, instance_id: str) -> None:
    """Start a stopped instance, or one that rebooted: a container ends with its systemd.

    Raises RuntimeError, with the last line of its console, if it had failed before and fails again.
    """
    container = client.containers.get(container_name(settings, instance_id))
    had_failed = container.attrs["State"]["ExitCode"] != 0
    container.start()
    if not had_failed:
        return
    time.sleep(SETTLE_SECONDS)
    container.reload()
    if container.status != "running":
        raise RuntimeError(why_ended(console(client, settings, instance_id)))


def why_ended(text: str) -> str:
    """Why a host's systemd ended, from its console output, with the fix if it is known."""
    lines = [_COLOUR.sub("", line).strip() for line in text.splitlines()]
    last = next((line for line in reversed(lines) if line and "Exiting PID 1" not in line), "it wrote nothing")
    if "Too many open files" in "\n".join(lines[-8:]):
        return (
            "systemd cannot start, as this machine's inotify instances are used up: remove hosts, "
            "or `sudo sysctl fs.inotify.max_user_instances=1024`"
        )
    return f"systemd ended: {last}"


def stop(client: docker.DockerClient, settings: Settings, instance_id: str) -> None:
    """Shut an instance down. Its disk stays."""
    client.containers.get(container_name(settings, instance_id)).stop(timeout=STOP_SECONDS)


def reboot(client: docker.DockerClient, settings: Settings, instance_id: str) -> None:
    """Shut an instance down and start it again."""
    client.containers.get(container_name(settings, instance_id)).restart(timeout=STOP_SECONDS)


def remove(client: docker.DockerClient, settings: Settings, instance_id: str) -> None:
    """Remove an instance with its disk, if it exists."""
    with suppress(NotFound):
        client.containers.get(container_name(settings, instance_id)).remove(force=True, v=True)
    # The engine can keep a volume in use for a moment after its container. `down` removes leftovers.
    with suppress(NotFound, APIError):
        client.volumes.get(volume_name(settings, instance_id)).remove(force=True)


def console(client: docker.DockerClient, settings: Settings, instance_id: str) -> str:
    """The console output of the instance since it was made."""
    try:
        return client.containers.get(container_name(settings, instance_id)).logs().decode(errors="replace")
    except NotFound:
        return ""
