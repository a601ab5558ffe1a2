"""EC2 instances and their network interfaces."""

from __future__ import annotations

import base64
import copy
import ipaddress
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface, NetworkInterfaceBackend
from moto.ec2.models.instances import Instance, InstanceBackend, InstanceState
from moto.ec2.models.subnets import Subnet
from moto.ec2.responses.instances import InstanceResponse

from sandbox.server.aws.patching import replaces

#: Before it is encoded (EC2 User Guide, "Run commands when you launch an EC2 instance with user data input").
USER_DATA_BYTES = 16384
#: The attribute of a moto instance that counts its reboots.
_REBOOTS = "slipway_reboots"


def install() -> None:
    """Every fix of this file."""
    _show_security_groups()
    _change_security_groups()
    _delete_interfaces_with_their_instance()
    _refuse_taken_addresses()
    _refuse_what_cannot_start()
    _give_the_profile_to_all()
    _count_reboots()
    _let_images_become_available()


def reboots(instance: Instance) -> int:
    """How often the API was asked to reboot the instance."""
    count: int = getattr(instance, _REBOOTS, 0)
    return count


def _show_security_groups() -> None:
    """An instance without a group gets its VPC's default group. moto gives that group to the interface only, so that
    the next plan replaces the instance."""

    @replaces(Instance, "__init__")
    def create(original: Callable[..., None], instance: Instance, *args: Any, **kwargs: Any) -> None:
        original(instance, *args, **kwargs)
        if not instance.security_groups and instance.nics:
            instance.security_groups = list(instance.nics[0].group_set)


def _change_security_groups() -> None:
    """An instance and its first interface have the same groups. moto changes only one of the two."""

    @replaces(InstanceBackend, "modify_instance_security_groups")
    def at_instance(original: Callable[..., Instance], backend: Any, *args: Any, **kwargs: Any) -> Instance:
        instance = original(backend, *args, **kwargs)
        if 0 in instance.nics:
            instance.nics[0]._group_set = list(instance.security_groups)
        return instance

    @replaces(NetworkInterfaceBackend, "modify_network_interface_attribute")
    def at_interface(
        original: Callable[..., None], backend: Any, eni_id: str, group_ids: list[str], *args: Any, **kwargs: Any
    ) -> None:
        original(backend, eni_id, group_ids, *args, **kwargs)
        interface: NetworkInterface = backend.get_network_interface(eni_id)
        # Without groups, the call changes another attribute.
        if group_ids and interface.instance and interface.instance.nics.get(0) is interface:
            interface.instance.security_groups = list(interface._group_set)


def _delete_interfaces_with_their_instance() -> None:
    """An interface that a launch made is deleted with its instance, unless the launch says otherwise. moto keeps it. So
    the address stays in use, and another launch with the same private_ip ends in an error 500."""

    @replaces(Instance, "prep_nics")
    def prepare(
        original: Callable[..., None], instance: Instance, nic_spec: list[dict[str, Any]], **kwargs: Any
    ) -> None:
        made_here = {
            int(each["DeviceIndex"]): each.get("DeleteOnTermination") is not False
            for each in nic_spec or [{"DeviceIndex": 0}]
            if not each.get("NetworkInterfaceId")
        }
        original(instance, nic_spec, **kwargs)
        for index, delete in made_here.items():
            instance.nics[index].delete_on_termination = delete

    @replaces(Instance, "terminate")
    def terminate(original: Callable[..., InstanceState], instance: Instance) -> InstanceState:
        # Its interfaces are deleted already. In EC2 a second termination does nothing.
        if instance.state == "terminated":
            return copy.copy(instance.instance_state)
        return original(instance)


def _refuse_taken_addresses() -> None:
    """An address that is in use, or outside the subnet, is the caller's error. moto fails with an error 500."""

    @replaces(Subnet, "request_ip")
    def request(original: Callable[..., None], subnet: Subnet, ip: str, instance: Any) -> None:
        if ipaddress.ip_address(ip) not in subnet.cidr:
            raise EC2ClientError("InvalidParameterValue", f"Address {ip} does not fall within the subnet's range")
        if ip in subnet._subnet_ips:
            raise EC2ClientError("InvalidIPAddress.InUse", f"Address {ip} is in use.")
        original(subnet, ip, instance)


def _refuse_what_cannot_start() -> None:
    """A key pair that does not exist, and user data over the limit, are refused. moto accepts both. The host would
    start without a login, and in AWS it would not start."""

    @replaces(InstanceResponse, "run_instances")
    def run_instances(original: Callable[..., ActionResult], response: InstanceResponse) -> ActionResult:
        key = response._get_param("KeyName")
        if key and key not in response.ec2_backend.key_pairs:
            raise EC2ClientError("InvalidKeyPair.NotFound", f"The key pair '{key}' does not exist")
        if len(base64.b64decode(response._get_param("UserData") or "")) > USER_DATA_BYTES:
            raise EC2ClientError("InvalidParameterValue", f"User data is limited to {USER_DATA_BYTES} bytes")
        return original(response)


def _give_the_profile_to_all() -> None:
    """A launch of several instances gives the profile to each. moto gives it to the first only."""

    @replaces(InstanceResponse, "run_instances")
    def run_instances(original: Callable[..., ActionResult], response: InstanceResponse) -> ActionResult:
        answer = original(response)
        profiles = response.ec2_backend.iam_instance_profile_associations
        first, *others = (instance.id for instance in answer.result.instances)
        if first in profiles:
            for each in others:
                response.ec2_backend.associate_iam_instance_profile(
                    each, iam_instance_profile_name=profiles[first].iam_instance_profile.name
                )
        return answer


def _count_reboots() -> None:
    """Count reboots, for the machine that runs the containers. moto only changes the state's name for a moment."""

    @replaces(Instance, "reboot")
    def reboot(original: Callable[..., None], instance: Instance) -> None:
        original(instance)
        setattr(instance, _REBOOTS, reboots(instance) + 1)


def _let_images_become_available() -> None:
    """An image of an instance is pending until its content is stored. In moto it is available at once and empty."""

    @replaces(AmiBackend, "create_image")
    def create_image(original: Callable[..., Ami], backend: Any, *args: Any, **kwargs: Any) -> Ami:
        image = original(backend, *args, **kwargs)
        image.state = "pending"
        return image
