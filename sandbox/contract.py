"""The contract between the two halves of the sandbox.

``sandbox.server`` answers the AWS API and knows what *should* exist. ``sandbox.machine`` runs containers and makes it
exist. Neither reads the other's objects: all that the machine knows of AWS is what `CloudState` returns, as plain data,
and all that the server knows of containers is what the machine reports by the ``record_`` methods. The machine asks the
server to listen in a VPC by `Listeners`.

A new kind of resource begins here: a data class, a method of `CloudState` that lists it, and a ``record_`` method if
the API is to show something that only a container knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

InstanceState = Literal["pending", "running", "shutting-down", "terminated", "stopping", "stopped"]


@dataclass(frozen=True)
class Vpc:
    """A VPC. *gateway* is the first address of its range, which AWS keeps for its router."""

    vpc_id: str
    cidr: str
    gateway: str


@dataclass(frozen=True)
class Rule:
    """One rule of a security group.

    *protocol* is ``tcp``, ``udp``, ``icmp``, a number, or ``-1`` for all. *ports* are the first and last port for TCP
    and UDP, and type and code for ICMP, where -1 means all. The other side is an IPv4 range or the members of a group.
    """

    protocol: str
    ports: tuple[int, int] | None
    cidr: str | None = None
    group_id: str | None = None


@dataclass(frozen=True)
class SecurityGroup:
    """A security group: the traffic that it allows in and out."""

    group_id: str
    ingress: tuple[Rule, ...]
    egress: tuple[Rule, ...]


@dataclass(frozen=True)
class Instance:
    """An EC2 instance."""

    instance_id: str
    vpc_id: str
    private_ip: str
    public_ip: str | None
    state: InstanceState
    security_group_ids: tuple[str, ...]
    launch_index: int
    image_id: str
    #: The machine image's name, such as ``debian-12-amd64-20250428-2096``.
    image_name: str
    instance_type: str
    private_dns_name: str
    tags: dict[str, str] = field(default_factory=dict)
    #: How often RebootInstances was called for it.
    reboots: int = 0


@dataclass(frozen=True)
class MachineImage:
    """A machine image that CreateImage made from an instance."""

    image_id: str
    instance_id: str
    #: Whether instances can be started from it.
    available: bool


@dataclass(frozen=True)
class Database:
    """An RDS instance. *hostname* is its endpoint's name."""

    identifier: str
    vpc_id: str
    hostname: str
    port: int
    engine: str
    engine_version: str
    #: The database that is made with the instance. None: only PostgreSQL's own.
    name: str | None
    master_username: str
    #: The current password. It changes when the managed secret is rotated.
    master_password: str = field(repr=False)
    state: str
    security_group_ids: tuple[str, ...]


class CloudState(Protocol):
    """What the API says exists in the sandbox's region.

    Each call returns one consistent state. Only the ``record_`` methods change something.
    """

    def vpcs(self) -> list[Vpc]:
        """All VPCs."""

    def instances(self) -> list[Instance]:
        """All EC2 instances, also terminated ones."""

    def databases(self) -> list[Database]:
        """All RDS instances."""

    def security_groups(self) -> list[SecurityGroup]:
        """All security groups."""

    def machine_images(self) -> list[MachineImage]:
        """All machine images that were made from instances."""

    def record_image(self, image_id: str) -> None:
        """The machine image is stored: the API shows it as available."""

    def record_console(self, instance_id: str, text: str) -> None:
        """*text* is the instance's console output: its boot log with the SSH host keys. GetConsoleOutput returns it."""


class Listeners(Protocol):
    """Where the sandbox's services listen."""

    def listen_on(self, address: str) -> None:
        """Serve on *address*. Does nothing if it is served already. Raises OSError if a port is taken."""

    def stop_on(self, address: str) -> None:
        """Stop serving on *address*."""
