"""Docker networks: one for each VPC, with the VPC's range, and one for public addresses.

The engine gives a network's gateway address to this machine, and the sandbox's services listen there. The public
network is internal, so Docker sets no default route on it. A host with a public address still uses its VPC for
outgoing traffic, and the sandbox sees the private address by which it finds the instance's metadata.
"""

from __future__ import annotations

import ipaddress
import logging
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import APIError, NotFound
from docker.models.networks import Network as DockerNetwork
from docker.types import IPAMConfig, IPAMPool

from sandbox.contract import Vpc
from sandbox.machine import labels
from sandbox.settings import Settings

log = logging.getLogger(__name__)

_ROUTES = Path("/proc/net/route")
_FLAG_GATEWAY = 0x2


@dataclass(frozen=True)
class Taken:
    """An address range that is in use, and a description of its owner."""

    cidr: ipaddress.IPv4Network
    owner: str


def vpc_network_name(settings: Settings, vpc_id: str) -> str:
    """The name of a VPC's network."""
    return f"slipway-{settings.name}-{vpc_id}"


def public_network_name(settings: Settings) -> str:
    """The name of the network that holds public addresses."""
    return f"slipway-{settings.name}-public"


def ensure_vpc(client: docker.DockerClient, settings: Settings, network: Vpc) -> DockerNetwork:
    """The VPC's network, made if it is missing. Raises APIError if its range is in use."""
    pool = IPAMPool(network.cidr, iprange=automatic_range(network.cidr), gateway=network.gateway)
    return _ensure(
        client,
        vpc_network_name(settings, network.vpc_id),
        pool,
        labels.of(settings.name, "network", network.vpc_id),
        internal=False,
    )


def ensure_public(client: docker.DockerClient, settings: Settings) -> DockerNetwork:
    """The network of public addresses, made if it is missing. Raises APIError if its range is in use."""
    # The API assigns addresses from the start of the range, so the machine takes the last one.
    last = ipaddress.ip_network(settings.public_cidr)[-2]
    pool = IPAMPool(settings.public_cidr, gateway=str(last))
    tags = labels.of(settings.name, "network", "public")
    return _ensure(client, public_network_name(settings), pool, tags, internal=True)


def automatic_range(cidr: str) -> str:
    """The part of *cidr* from which Docker chooses addresses: the end, which EC2 uses last."""
    network = ipaddress.ip_network(cidr)
    *_, last = network.subnets(new_prefix=min(max(network.prefixlen + 2, 24), 30))
    return str(last)


def remove(client: docker.DockerClient, name: str) -> None:
    """Remove a network, if it exists. One that is in use stays, and the log names it."""
    try:
        client.networks.get(name).remove()
    except NotFound:
        return
    except APIError as error:
        log.warning("network %s stays: %s", name, error.explanation)


def conflicts(wanted: Iterable[str], taken: Iterable[Taken]) -> list[str]:
    """One sentence for each range of *wanted* that is in use elsewhere.

    A wider route, such as a VPN's 10.0.0.0/8, is no conflict: the kernel prefers the narrower one.
    """
    sentences = []
    others = list(taken)
    for text in wanted:
        network = ipaddress.IPv4Network(text)
        for other in others:
            if other.cidr.subnet_of(network) or (other.owner.startswith("Docker") and other.cidr.overlaps(network)):
                sentences.append(f"the sandbox's range {network} overlaps {other.cidr} of {other.owner}")
    return sentences


def taken_ranges(client: docker.DockerClient, settings: Settings) -> list[Taken]:
    """The ranges of Docker's other networks, and of this machine's other interfaces."""
    found, bridges = [], set()
    for network in client.networks.list():
        bridges |= {f"br-{network.id[:12]}", (network.attrs.get("Options") or {}).get("com.docker.network.bridge.name")}
        if (network.attrs.get("Labels") or {}).get(labels.SANDBOX) == settings.name:
            continue
        for pool in (network.attrs.get("IPAM") or {}).get("Config") or []:
            if ":" not in pool.get("Subnet", ":"):
                found.append(Taken(ipaddress.IPv4Network(pool["Subnet"]), f"Docker network {network.name}"))
    return found + [item for item in interface_ranges(_ROUTES.read_text()) if item.owner.split()[-1] not in bridges]


def interface_ranges(routes: str) -> list[Taken]:
    """The networks of interfaces, from the text of ``/proc/net/route`` (addresses in host byte order)."""
    found = []
    for line in routes.splitlines()[1:]:
        name, destination, _, flags, _, _, _, mask, *_ = line.split()
        if int(flags, 16) & _FLAG_GATEWAY or int(mask, 16) == 0:
            continue
        address, netmask = (ipaddress.IPv4Address(struct.pack("=I", int(word, 16))) for word in (destination, mask))
        found.append(Taken(ipaddress.IPv4Network(f"{address}/{netmask}"), f"interface {name}"))
    return found


def _ensure(
    client: docker.DockerClient, name: str, pool: IPAMPool, tags: dict[str, str], *, internal: bool
) -> DockerNetwork:
    # Names are not unique in Docker, so look first. Only one thread makes networks.
    for existing in client.networks.list(names=[name]):
        if existing.name == name:
            return existing
    return client.networks.create(
        name, driver="bridge", ipam=IPAMConfig(pool_configs=[pool]), labels=tags, internal=internal
    )
