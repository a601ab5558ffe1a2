"""What the API says exists, as plain data: all that the part which runs containers needs to know of AWS."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

HostState = Literal["pending", "running", "shutting-down", "terminated", "stopping", "stopped"]


@dataclass(frozen=True)
class Network:
    """A VPC. *gateway* is the first address of its range, which AWS keeps for its router too."""

    vpc_id: str
    cidr: str
    gateway: str


@dataclass(frozen=True)
class Rule:
    """One rule of a security group: who may be talked to, and how.

    *protocol* is ``tcp``, ``udp``, ``icmp``, a number, or ``-1`` for all. *ports* is first and last of TCP and UDP, for
    ICMP its type and code, -1 for all. The other side is a range of IPv4 addresses or the members of a group.
    """

    protocol: str
    ports: tuple[int, int] | None
    cidr: str | None = None
    group_id: str | None = None


@dataclass(frozen=True)
class SecurityGroup:
    """A security group: what may come in, and what may go out."""

    group_id: str
    ingress: tuple[Rule, ...]
    egress: tuple[Rule, ...]


@dataclass(frozen=True)
class Host:
    """An EC2 instance."""

    instance_id: str
    vpc_id: str
    private_ip: str
    public_ip: str | None
    state: HostState
    security_group_ids: tuple[str, ...]
    launch_index: int
    image_id: str
    #: The machine image's name, such as ``debian-12-amd64-20250428-2096``.
    image_name: str
    instance_type: str
    private_dns_name: str
    tags: dict[str, str] = field(default_factory=dict)
    #: How often the API was asked to reboot it.
    reboots: int = 0


@dataclass(frozen=True)
class MachineImage:
    """A machine image that was made of an instance, by CreateImage."""

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
    #: The database made at creation, or None: then there is only PostgreSQL's own.
    name: str | None
    master_username: str
    #: The password of now; it changes when the managed secret is rotated.
    master_password: str = field(repr=False)
    state: str
    security_group_ids: tuple[str, ...]


class World(Protocol):
    """Reads the API's state. Every call is one consistent picture; none changes anything but where it says so."""

    def networks(self) -> list[Network]:
        """All VPCs of the sandbox's region."""

    def hosts(self) -> list[Host]:
        """All EC2 instances of the sandbox's region, terminated ones too."""

    def databases(self) -> list[Database]:
        """All RDS instances of the sandbox's region."""

    def security_groups(self) -> list[SecurityGroup]:
        """All security groups of the sandbox's region."""

    def machine_images(self) -> list[MachineImage]:
        """The machine images of the sandbox's region that were made of instances."""

    def record_image(self, image_id: str) -> None:
        """Make the machine image available: what it is made of is stored."""

    def record_console(self, instance_id: str, text: str) -> None:
        """Make *text* what GetConsoleOutput answers for the instance: the host's boot log, with its SSH host keys."""
