"""Reads moto's objects into the plain data of ``sandbox.contract``."""

from __future__ import annotations

import ipaddress
import json
import threading
from typing import Any

from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.instances import Instance as MotoInstance
from moto.ec2.models.security_groups import SecurityGroup as MotoGroup
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.rds.models import DBInstance, DBInstanceClustered, rds_backends
from moto.secretsmanager.exceptions import SecretNotFoundException
from moto.secretsmanager.models import secretsmanager_backends

from sandbox.contract import Database, Instance, MachineImage, Rule, SecurityGroup, Vpc
from sandbox.server.aws import console, instances
from sandbox.settings import Settings


class MotoState:
    """Implements ``CloudState``: reads moto's models between two requests, never during one."""

    def __init__(self, settings: Settings, lock: threading.RLock) -> None:
        self._settings = settings
        self._lock = lock

    def vpcs(self) -> list[Vpc]:
        """All VPCs."""
        with self._lock:
            return [
                Vpc(vpc.id, vpc.cidr_block, str(ipaddress.ip_network(vpc.cidr_block)[1]))
                for vpc in self._ec2.vpcs.values()
            ]

    def instances(self) -> list[Instance]:
        """All EC2 instances, also terminated ones."""
        with self._lock:
            return [_instance(self._ec2, instance) for instance in self._ec2.all_instances()]

    def databases(self) -> list[Database]:
        """All RDS instances."""
        with self._lock:
            found = rds_backends[self._settings.account_id][self._settings.region].databases
            # A cluster's members are records only: the sandbox has no Aurora.
            return [self._database(each) for each in found.values() if not isinstance(each, DBInstanceClustered)]

    def security_groups(self) -> list[SecurityGroup]:
        """All security groups."""
        with self._lock:
            return [_group(group) for of_vpc in self._ec2.groups.values() for group in of_vpc.values()]

    def machine_images(self) -> list[MachineImage]:
        """The machine images that were made from instances."""
        with self._lock:
            made = [ami for ami in self._ec2.amis.values() if ami.instance_id]
            return [MachineImage(ami.id, ami.instance_id, ami.state == "available") for ami in made]

    def record_image(self, image_id: str) -> None:
        """Show the machine image as available."""
        with self._lock:
            if image_id in self._ec2.amis:
                self._ec2.amis[image_id].state = "available"

    def record_console(self, instance_id: str, text: str) -> None:
        """Let GetConsoleOutput return *text* for the instance."""
        with self._lock:
            console.record(instance_id, text)

    @property
    def _ec2(self) -> EC2Backend:
        return ec2_backends[self._settings.account_id][self._settings.region]

    def _database(self, instance: DBInstance) -> Database:
        group = getattr(instance, "db_subnet_group", None)
        return Database(
            identifier=instance.db_instance_identifier,
            vpc_id=group.vpc_id if group else self._ec2.default_vpc.id,
            hostname=instance.address,
            port=int(instance.port or 5432),
            engine=instance.engine,
            engine_version=instance.engine_version,
            name=instance.db_name,
            master_username=instance.master_username or "",
            master_password=self._master_password(instance),
            state=instance.status,
            security_group_ids=tuple(instance.vpc_security_group_ids) or self._default_group(group),
        )

    def _default_group(self, subnet_group: Any) -> tuple[str, ...]:
        """A database without a group has its VPC's default group."""
        vpc_id = subnet_group.vpc_id if subnet_group else self._ec2.default_vpc.id
        return tuple(group.id for group in self._ec2.groups[vpc_id].values() if group.name == "default")

    def _master_password(self, instance: DBInstance) -> str:
        if not instance.manage_master_user_password:
            return (
                instance._master_user_password or ""
            )  # The property only raises, because AWS never shows the password.
        secrets = secretsmanager_backends[self._settings.account_id][self._settings.region]
        try:
            value = secrets.get_secret_value(instance.master_user_secret.secret_arn, "", "AWSCURRENT")
        except SecretNotFoundException:
            return ""  # The secret was deleted, so the password is unknown.
        try:
            password: str = json.loads(value["SecretString"])["password"]
        except (ValueError, KeyError, TypeError):
            return ""  # The secret contains something else, so the password is unknown.
        return password


def _instance(ec2: EC2Backend, instance: MotoInstance) -> Instance:
    image = ec2.amis.get(instance.image_id)
    return Instance(
        instance_id=instance.id,
        vpc_id=instance.vpc_id or "",
        private_ip=instance.private_ip or "",
        public_ip=instance.public_ip,
        state=instance.state,
        security_group_ids=tuple(sorted(group.id for group in instance.security_groups)),
        launch_index=int(instance.ami_launch_index),
        image_id=instance.image_id,
        image_name=(image.name or "") if image else "",
        instance_type=instance.instance_type,
        private_dns_name=instance.private_dns_name,
        tags={tag["key"]: tag["value"] for tag in instance.get_tags()},
        reboots=instances.reboots(instance),
    )


def _group(group: MotoGroup) -> SecurityGroup:
    return SecurityGroup(
        group_id=group.id,
        ingress=tuple(_rule(rule) for rule in group.ingress_rules),
        egress=tuple(_rule(rule) for rule in group.egress_rules),
    )


def _rule(rule: SecurityGroupRule) -> Rule:
    ports = None if rule.from_port is None or rule.to_port is None else (int(rule.from_port), int(rule.to_port))
    group = rule.source_group.get("GroupId")
    return Rule(rule.ip_protocol or "-1", ports, rule.cidr_ipv4, str(group) if group else None)
