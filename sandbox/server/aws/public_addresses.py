"""Public addresses, of instances and Elastic IPs."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends, elastic_ip_addresses, elastic_network_interfaces

from sandbox.settings import Settings


class Pool:
    """Assigns the addresses of a range in turn, so that a released address is not used again at once."""

    def __init__(self, cidr: str) -> None:
        self._addresses = [str(address) for address in ipaddress.ip_network(cidr).hosts()]
        self._next = 0

    def take(self, used: Iterable[str]) -> str:
        """The next address that is not in *used*. Raises EC2's own error if there is none."""
        taken = set(used)
        for step in range(len(self._addresses)):
            position = (self._next + step) % len(self._addresses)
            if self._addresses[position] not in taken:
                self._next = position + 1
                return self._addresses[position]
        raise EC2ClientError(
            "InsufficientAddressCapacity", f"All {len(self._addresses)} public addresses of the sandbox are in use."
        )


def install(settings: Settings) -> None:
    """Take public addresses from the sandbox's own range. moto invents them, in ranges of other owners (54.214.0.0/16)
    or of this machine's loopback (127.0.0.0/8, for Elastic IPs). The sandbox makes them answer on this machine, so they
    must belong to no one else."""
    pool = Pool(settings.public_cidr)

    def next_address() -> str:
        backend = ec2_backends[settings.account_id][settings.region]
        used = {address.public_ip for address in backend.addresses}
        used.update(interface.public_ip for interface in backend.enis.values() if interface.public_ip)
        return pool.take(used)

    elastic_network_interfaces.random_public_ip = next_address
    elastic_ip_addresses.random_ip = next_address
