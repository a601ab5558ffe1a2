"""Changes of an instance by the API reach its container: security groups, reboots, stop and start."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.integration.world import ROLE, World

#: Seconds in which a change must reach the host.
PATIENCE = 10
PORT = 8000


def connects(world: World, port: int) -> bool:
    """Whether a connection from here reaches the host. False if its packets are dropped."""
    try:
        socket.create_connection((world.address, port), timeout=1).close()
    except TimeoutError:
        return False
    except ConnectionRefusedError:  # A service that does not run yet refuses the connection.
        return True
    return True


def instance_id(world: World) -> str:
    """The host's instance id."""
    running = [{"Name": "instance-state-name", "Values": ["running"]}]
    reservations = world.client("ec2").describe_instances(Filters=running)["Reservations"]
    (found,) = [
        each["InstanceId"]
        for reservation in reservations
        for each in reservation["Instances"]
        if each["PrivateIpAddress"] == world.address
    ]
    return str(found)


def is_up(world: World) -> bool:
    """Whether the host's address answers."""
    try:
        socket.create_connection((world.address, 22), timeout=1).close()
    except OSError:
        return False
    return True


def serves_again(world: World) -> None:
    """Wait until a started host serves, and check that its rules hold."""
    assert soon(lambda: not connects(world, PORT))
    world.shell(f"until curl -fs -o /dev/null http://127.0.0.1:{PORT}/health; do sleep 0.2; done")


def soon(found: Callable[[], bool]) -> bool:
    """Whether the condition becomes true in time."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found():
            return True
        time.sleep(0.2)
    return False


@contextmanager
def rule(world: World, cidr: str) -> Iterator[None]:
    """Open the service's port to an address range."""
    ec2 = world.client("ec2")
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [ROLE]}])["SecurityGroups"]
    permission = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, "IpRanges": [{"CidrIp": cidr}]}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[permission])
    try:
        yield
    finally:
        ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[permission])


def test_a_port_is_open_only_while_a_rule_allows_it(world: World) -> None:
    assert world.shell(f"curl -fs -o /dev/null -w '%{{http_code}}' http://127.0.0.1:{PORT}/health") == "200"
    assert not connects(world, PORT)
    with rule(world, "10.0.0.0/8"):
        assert soon(lambda: connects(world, PORT))
    assert soon(lambda: not connects(world, PORT))


def test_a_rule_for_another_source_does_not_open_the_port(world: World) -> None:
    with rule(world, "203.0.113.0/24"):
        time.sleep(2)
        assert not connects(world, PORT)


def test_an_instance_without_outgoing_rules_reaches_only_its_metadata(world: World) -> None:
    ec2 = world.client("ec2")
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [ROLE]}])["SecurityGroups"]
    asked = "curl -s -o /dev/null -m 3 -w '%{http_code} ' "
    ask = (
        f"{asked} http://169.254.169.254/; {asked} http://192.0.2.10/ || true; {asked} https://api.tavily.com/ || true"
    )
    assert "000" not in world.shell(ask)
    ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])
    try:
        assert soon(lambda: world.shell(ask).split()[1:] == ["000", "000"])
        assert world.shell(ask).split()[0] != "000"
    finally:
        ec2.authorize_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])
    assert soon(lambda: "000" not in world.shell(ask))


def test_rules_hold_after_a_reboot(world: World) -> None:
    ec2 = world.client("ec2")
    born = "systemctl show --property=UserspaceTimestampMonotonic --value"
    before = world.shell(born)
    ec2.reboot_instances(InstanceIds=[instance_id(world)])

    def rebooted() -> bool:
        try:
            return world.shell(born) != before
        except AssertionError:  # SSH is down during this time.
            return False

    assert soon(rebooted) or soon(rebooted)
    serves_again(world)


def test_a_stopped_instance_is_down_until_it_is_started(world: World) -> None:
    ec2, instance = world.client("ec2"), instance_id(world)
    world.shell("echo kept > /root/kept")
    ec2.stop_instances(InstanceIds=[instance])
    try:
        assert soon(lambda: not is_up(world))
    finally:
        ec2.start_instances(InstanceIds=[instance])
    assert soon(lambda: is_up(world)) or soon(lambda: is_up(world))
    serves_again(world)
    assert world.shell("cat /root/kept").strip() == "kept"
