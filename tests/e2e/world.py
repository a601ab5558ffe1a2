"""The provisioned sandbox seen from outside: its API and its hosts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
import docker
from docker.models.containers import Container

from sandbox.settings import Settings, settings_for

# The slot that serves, from the map that HAProxy uses.
SLOT = "slot=$(sed -n 's/^active //p' /opt/backend/haproxy.map)\n"
# What a release can change on a host, without anything that changes by itself.
HOST_STATE = f"""
{SLOT}
cat /opt/backend/haproxy.map
readlink /opt/backend/current /opt/backend/previous /opt/backend/$slot
ls -A /opt/backend | grep -vxE 'blue|green'
sha256sum /opt/backend/shared/.env /etc/systemd/system/backend*.service /etc/haproxy/haproxy.cfg
systemctl is-active backend haproxy
systemctl show backend@$slot haproxy --property=MainPID
systemctl list-units --plain --no-legend 'backend@*' | cut -d' ' -f1
"""
# A failed release stays on the disk, for diagnosis and a second try. Its slot has no link any more.
HOST_TRIED = """
ls -A /opt/backend/releases
readlink /opt/backend/blue /opt/backend/green
"""


@dataclass(frozen=True)
class World:
    """One application in the sandbox, and the sandbox."""

    settings: Settings
    app: str = "location-content"

    @classmethod
    def of_sandbox(cls, app: str = "location-content") -> World:
        """The sandbox that `make site` uses, and the host of one app in it."""
        return cls(settings_for("main"), app)

    def client(self, service: str) -> Any:
        """A boto3 client with the operator's keys. It ignores the shell."""
        session = boto3.Session(
            aws_access_key_id=self.settings.access_key,
            aws_secret_access_key=self.settings.secret_key,
            region_name=self.settings.region,
        )
        make: Any = session.client  # The stubs have one overload for each service, and the name varies here.
        return make(service, endpoint_url=self.settings.api_url)

    @cached_property
    def instance(self) -> dict[str, Any]:
        """The app's only running instance."""
        filters = {"instance-state-name": "running", "tag:slipway:app": self.app}
        found = self.client("ec2").describe_instances(
            Filters=[{"Name": name, "Values": [value]} for name, value in filters.items()]
        )
        instances: list[dict[str, Any]] = [i for r in found["Reservations"] for i in r["Instances"]]
        (only,) = instances
        return only

    @property
    def tags(self) -> dict[str, str]:
        """The instance's tags."""
        return {tag["Key"]: tag["Value"] for tag in self.instance["Tags"]}

    @property
    def url(self) -> str:
        """The URL of the service."""
        return f"http://{self.instance['PublicIpAddress']}:{self.tags['slipway:port']}"

    @property
    def artifact(self) -> tuple[str, str]:
        """Bucket and key of the artifact."""
        bucket, _, key = self.tags["slipway:artifact"].removeprefix("s3://").partition("/")
        return bucket, key

    def containers(self) -> list[Container]:
        """The sandbox's containers."""
        found: list[Container] = docker.from_env().containers.list(all=True, filters={"label": self.settings.label})
        return found

    @property
    def host(self) -> Container:
        """The container of the instance."""
        (only,) = [c for c in self.containers() if self.instance["InstanceId"] in c.name]
        return only

    @property
    def database(self) -> Container:
        """The container of the RDS instance."""
        (only,) = [c for c in self.containers() if c.name.endswith(f"-db-{self.tags['slipway:database']}")]
        return only

    def shell(self, script: str) -> str:
        """Run a script as root on the host and return what it prints."""
        result = self.host.exec_run(["sh", "-c", script])
        return str(result.output.decode(errors="replace"))

    @property
    def unit(self) -> str:
        """The unit of the slot that serves."""
        return self.shell(f'{SLOT}printf %s "backend@$slot"')

    def api_state(self) -> dict[str, Any]:
        """The API's state. Secrets appear by version only.

        It excludes the access logs, because every read of a bucket adds one, and the lease and history of releases,
        because runs that change nothing write them too.
        """
        ssm, s3, ec2, rds = (self.client(name) for name in ("ssm", "s3", "ec2", "rds"))
        parameters = {p["Name"]: p["Version"] for p in ssm.describe_parameters()["Parameters"]}
        own = (self.settings.state_bucket, self.tags["slipway:deployments-bucket"])
        objects = {
            f"{bucket['Name']}/{item['Key']}": item["ETag"]
            for bucket in s3.list_buckets()["Buckets"]
            if bucket["Name"] not in own
            for item in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", [])
            if not item["Key"].startswith("access/")
        }
        reservations = ec2.describe_instances()["Reservations"]
        instances = {i["InstanceId"]: i["State"]["Name"] for r in reservations for i in r["Instances"]}
        groups = {g["GroupId"]: str(g["IpPermissions"]) for g in ec2.describe_security_groups()["SecurityGroups"]}
        databases = [d["DBInstanceIdentifier"] for d in rds.describe_db_instances()["DBInstances"]]
        return {
            "parameters": parameters,
            "objects": objects,
            "instances": instances,
            "groups": groups,
            "databases": databases,
        }

    def host_state(self, tried: bool = False) -> str:
        """What a release could change on the host. With ``tried``, it excludes what a failed release leaves."""
        return self.shell(HOST_STATE + ("" if tried else HOST_TRIED))
