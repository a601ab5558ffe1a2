"""Address ranges: which are in use, and which conflict."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from sandbox.machine.networks import Taken, automatic_range, conflicts, interface_ranges

ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
tun0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
tun0\t00001FAC\t0101000A\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0
"""


def test_only_directly_connected_networks_count() -> None:
    assert interface_ranges(ROUTES) == [
        Taken(IPv4Network("192.168.1.0/24"), "interface eth0"),
        Taken(IPv4Network("10.0.0.0/8"), "interface tun0"),
    ]


@pytest.mark.parametrize(
    ("other", "owner", "clash"),
    [
        ("10.20.0.0/16", "interface eth1", True),
        ("10.20.3.0/24", "interface eth1", True),
        ("10.0.0.0/8", "interface tun0", False),
        ("10.0.0.0/8", "Docker network other", True),
        ("10.20.3.0/24", "Docker network other", True),
        ("10.21.0.0/16", "Docker network other", False),
    ],
)
def test_conflicts(other: str, owner: str, clash: bool) -> None:
    found = conflicts(["10.20.0.0/16"], [Taken(IPv4Network(other), owner)])
    assert bool(found) == clash
    for sentence in found:
        assert "10.20.0.0/16" in sentence
        assert other in sentence
        assert owner in sentence


@pytest.mark.parametrize("cidr", ["10.20.0.0/16", "10.20.0.0/20", "10.20.0.0/24", "10.20.0.0/28"])
def test_docker_chooses_addresses_at_the_end_of_a_vpc(cidr: str) -> None:
    network, chosen = IPv4Network(cidr), IPv4Network(automatic_range(cidr))
    assert chosen.subnet_of(network)
    assert chosen.broadcast_address == network.broadcast_address
    # EC2's first address in a subnet.
    assert IPv4Address("10.20.0.4") not in chosen
