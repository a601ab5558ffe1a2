"""Reads moto's instances for the metadata service."""

from __future__ import annotations

import base64
import threading
from datetime import datetime, timedelta, timezone
from typing import Any

from moto.ec2.models import EC2Backend, ec2_backends
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from sandbox.server.imds.tree import Credentials, InstanceMetadata, Role
from sandbox.settings import Settings

#: EC2 renews a role's credentials before they expire. The previous ones stay valid until they expire.
LIFETIME = timedelta(hours=6)
RENEWAL = timedelta(hours=5)


class Metadata:
    """Finds an instance by its private address, and keeps its credentials until their renewal."""

    def __init__(self, settings: Settings, lock: threading.RLock) -> None:
        self._settings = settings
        self._lock = lock
        self._credentials: dict[tuple[str, str], Credentials] = {}

    def at(self, address: str) -> InstanceMetadata | None:
        """The running instance whose private address is *address*, or None."""
        with self._lock:
            for instance in self._ec2.all_instances():
                if instance.private_ip == address and instance.state in ("pending", "running", "stopping"):
                    return self._read(instance)
        return None

    @property
    def _ec2(self) -> EC2Backend:
        return ec2_backends[self._settings.account_id][self._settings.region]

    def _read(self, instance: Any) -> InstanceMetadata:
        interface = instance.nics[0]
        options = instance.metadata_options
        key_pair = self._ec2.key_pairs.get(instance.key_name) if instance.key_name else None
        return InstanceMetadata(
            instance_id=instance.id,
            account_id=self._settings.account_id,
            region=self._settings.region,
            availability_zone=instance.placement.zone,
            image_id=instance.image_id,
            instance_type=instance.instance_type,
            architecture=instance.architecture,
            launch_index=int(instance.ami_launch_index),
            launched=instance.launch_time,
            reservation_id=self._reservation(instance),
            private_ip=instance.private_ip,
            private_dns_name=instance.private_dns_name,
            public_ip=instance.public_ip,
            public_dns_name=instance.public_dns_name,
            mac=interface.mac_address,
            interface_id=interface.id,
            subnet_id=interface.subnet.id,
            subnet_cidr=interface.subnet.cidr_block,
            vpc_id=instance.vpc_id,
            vpc_cidr=self._ec2.get_vpc(instance.vpc_id).cidr_block,
            security_groups={group.id: group.name for group in instance.security_groups},
            tokens_required=options.http_tokens == "required",
            endpoint_enabled=options.http_endpoint == "enabled",
            user_data=_decoded(instance.user_data),
            key_name=instance.key_name,
            public_key=key_pair.public_key if key_pair else None,
            role=self._role(instance),
            tags=_tags(instance) if options.instance_metadata_tags == "enabled" else None,
        )

    def _reservation(self, instance: Any) -> str:
        found = (each.id for each in self._ec2.reservations.values() if instance in each.instances)
        return next(found, "")

    def _role(self, instance: Any) -> Role | None:
        iam = iam_backends[self._settings.account_id]["aws"]
        # Read from the association, not from the instance: a replaced profile changes the association only.
        association = self._ec2.iam_instance_profile_associations.get(instance.id)
        if association is None:
            return None
        profile = iam.get_instance_profile(association.iam_instance_profile.name)
        if not profile.roles:
            return None
        role = profile.roles[0]
        return Role(role.name, profile.arn, profile.id, self._credentials_of(instance.id, role.arn))

    def _credentials_of(self, instance_id: str, role_arn: str) -> Credentials:
        now = datetime.now(timezone.utc)
        held = self._credentials.get((instance_id, role_arn))
        if held and now < held.issued + RENEWAL:
            return held
        session = sts_backends[self._settings.account_id]["aws"].assume_role(
            region_name=self._settings.region,
            role_session_name=instance_id,
            role_arn=role_arn,
            policy="",
            duration=int(LIFETIME.total_seconds()),
            external_id="",
        )
        fresh = Credentials(
            session.access_key_id, session.secret_access_key, session.session_token, now, now + LIFETIME
        )
        self._credentials[instance_id, role_arn] = fresh
        return fresh


def _decoded(user_data: Any) -> bytes | None:
    return base64.b64decode(str(user_data)) if user_data else None


def _tags(instance: Any) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in instance.get_tags()}
