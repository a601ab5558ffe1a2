"""Docker networks: one for each VPC, with the VPC's own range, and one for public addresses.

The engine gives a network's gateway address to this machine, and that is where the sandbox's services listen. The
public network is internal: Docker then sets no route to the outside on it, so a host with a public address still leaves
by its VPC, and the sandbox sees the private address that instance metadata is looked up by.
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
    """An address range that is in use, and by what, in words."""

    cidr: ipaddress.IPv4Network
    owner: str


def vpc_network_name(settings: Settings, vpc_id: str) -> str:
    """The name of a VPC's network."""
    return f"slipway-{settings.name}-{vpc_id}"


def public_network_name(settings: Settings) -> str:
    """The name of the network that holds public addresses."""
    return f"slipway-{settings.name}-public"


def ensure_vpc(client: docker.DockerClient, settings: Settings, network: Vpc) -> DockerNetwork:
    """The VPC's network, made if it is missing. Raises APIError where its range is taken."""
    pool = IPAMPool(network.cidr, iprange=automatic_range(network.cidr), gateway=network.gateway)
    return _ensure(
        client,
        vpc_network_name(settings, network.vpc_id),
        pool,
        labels.of(settings.name, "network", network.vpc_id),
        internal=False,
    )


def ensure_public(client: docker.DockerClient, settings: Settings) -> DockerNetwork:
    """The network of public addresses, made if it is missing. Raises APIError where its range is taken."""
    # The API hands out addresses from the start of the range: the machine takes the last one.
    last = ipaddress.ip_network(settings.public_cidr)[-2]
    pool = IPAMPool(settings.public_cidr, gateway=str(last))
    tags = labels.of(settings.name, "network", "public")
    return _ensure(client, public_network_name(settings), pool, tags, internal=True)


def automatic_range(cidr: str) -> str:
    """The part of *cidr* that Docker may choose addresses from: its end, which EC2 reaches last."""
    network = ipaddress.ip_network(cidr)
    *_, last = network.subnets(new_prefix=min(max(network.prefixlen + 2, 24), 30))
    return str(last)


def remove(client: docker.DockerClient, name: str) -> None:
    """Remove a network. One that is gone already is no error; one in use stays and is named in the log."""
    try:
        client.networks.get(name).remove()
    except NotFound:
        return
    except APIError as error:
        log.warning("network %s stays: %s", name, error.explanation)


def conflicts(wanted: Iterable[str], taken: Iterable[Taken]) -> list[str]:
    """One sentence for each of the ranges *wanted* that something else has.

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
    """Ranges of Docker's other networks, and of this machine's interfaces that are not Docker's."""
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
    """The networks that interfaces are directly on, from the text of ``/proc/net/route`` (addresses in host order)."""
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
    # Names are not unique in Docker: look first, and make only what is missing. One thread makes networks.
    for existing in client.networks.list(names=[name]):
        if existing.name == name:
            return existing
    return client.networks.create(
        name, driver="bridge", ipam=IPAMConfig(pool_configs=[pool]), labels=tags, internal=internal
    )
