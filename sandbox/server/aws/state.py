"""moto's objects, read into the plain data of ``sandbox.server.world``."""

from __future__ import annotations

import ipaddress
import json
import threading
from typing import Any

from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.instances import Instance
from moto.ec2.models.security_groups import SecurityGroup as MotoGroup
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.rds.models import DBInstance, DBInstanceClustered, rds_backends
from moto.secretsmanager.exceptions import SecretNotFoundException
from moto.secretsmanager.models import secretsmanager_backends

from sandbox.server.aws import console, instances
from sandbox.server.world import Database, Host, MachineImage, Network, Rule, SecurityGroup
from sandbox.settings import Settings


class MotoWorld:
    """Implements ``World``: reads moto's models between two requests, never during one."""

    def __init__(self, settings: Settings, lock: threading.RLock) -> None:
        self._settings = settings
        self._lock = lock

    def networks(self) -> list[Network]:
        """All VPCs of the sandbox's region."""
        with self._lock:
            return [
                Network(vpc.id, vpc.cidr_block, str(ipaddress.ip_network(vpc.cidr_block)[1]))
                for vpc in self._ec2.vpcs.values()
            ]

    def hosts(self) -> list[Host]:
        """All EC2 instances of the sandbox's region, terminated ones too."""
        with self._lock:
            return [_host(self._ec2, instance) for instance in self._ec2.all_instances()]

    def databases(self) -> list[Database]:
        """All RDS instances of the sandbox's region."""
        with self._lock:
            found = rds_backends[self._settings.account_id][self._settings.region].databases
            # A cluster's members are records only: the sandbox has no Aurora.
            return [self._database(each) for each in found.values() if not isinstance(each, DBInstanceClustered)]

    def security_groups(self) -> list[SecurityGroup]:
        """All security groups of the sandbox's region."""
        with self._lock:
            return [_group(group) for of_vpc in self._ec2.groups.values() for group in of_vpc.values()]

    def machine_images(self) -> list[MachineImage]:
        """The machine images of the sandbox's region that were made of instances."""
        with self._lock:
            made = [ami for ami in self._ec2.amis.values() if ami.instance_id]
            return [MachineImage(ami.id, ami.instance_id, ami.state == "available") for ami in made]

    def record_image(self, image_id: str) -> None:
        """Make the machine image available."""
        with self._lock:
            if image_id in self._ec2.amis:
                self._ec2.amis[image_id].state = "available"

    def record_console(self, instance_id: str, text: str) -> None:
        """Make *text* what GetConsoleOutput answers for the instance."""
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
        """Who names no group for a database gets the default one of its VPC."""
        vpc_id = subnet_group.vpc_id if subnet_group else self._ec2.default_vpc.id
        return tuple(group.id for group in self._ec2.groups[vpc_id].values() if group.name == "default")

    def _master_password(self, instance: DBInstance) -> str:
        if not instance.manage_master_user_password:
            return instance._master_user_password or ""  # The property only raises: AWS shows it to nobody.
        secrets = secretsmanager_backends[self._settings.account_id][self._settings.region]
        try:
            value = secrets.get_secret_value(instance.master_user_secret.secret_arn, "", "AWSCURRENT")
        except SecretNotFoundException:
            return ""  # Somebody deleted it by hand: then nobody knows the password.
        try:
            password: str = json.loads(value["SecretString"])["password"]
        except (ValueError, KeyError, TypeError):
            return ""  # Somebody wrote something else into it: likewise.
        return password


def _host(ec2: EC2Backend, instance: Instance) -> Host:
    image = ec2.amis.get(instance.image_id)
    return Host(
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
