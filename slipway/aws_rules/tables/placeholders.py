"""Values of the right form for what AWS names only when it makes the resource, each by the number of the resource.

A number of its own keeps two resources from looking like one: some rules refuse the same value twice.
"""

from __future__ import annotations

from collections.abc import Callable

Placeholder = Callable[[int], object]


def identifier(kind: str, offset: int = 0) -> Placeholder:
    """An id of EC2: the kind and seventeen hexadecimal digits."""
    return lambda number: f"{kind}-{number + offset:017x}"


def name(number: int) -> str:
    """A name that every service takes."""
    return f"named-when-applied-{number}"


def names(number: int) -> list[str]:
    """A list of one such name."""
    return [name(number)]


def subnets(number: int) -> list[object]:
    """Two subnets: how many there are is known only when they are there."""
    return [subnet(number), identifier("subnet", 1000)(number)]


def security_groups(number: int) -> list[object]:
    """A list of one security group."""
    return [security_group(number)]


vpc = identifier("vpc")
subnet = identifier("subnet")
security_group = identifier("sg")
other_security_group = identifier("sg", 1000)
route_table = identifier("rtb")
internet_gateway = identifier("igw")
image = identifier("ami")
