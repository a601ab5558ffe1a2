"""The loop that makes containers match what the API reports."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import docker
from docker.errors import DockerException

from sandbox.certificates import database_certificate
from sandbox.contract import CloudState, Database, Instance, Listeners, MachineImage, SecurityGroup, Vpc
from sandbox.machine import databases, hosts, images, labels, machine_images, networks, packet_filter, planning
from sandbox.machine.attempts import Attempts, describe
from sandbox.machine.builds import Builds
from sandbox.machine.engine import EngineError, cgroup_version, connect
from sandbox.machine.packet_filter import Services
from sandbox.machine.planning import Action, Container
from sandbox.machine.status import MachineStatus, Status, write
from sandbox.machine.trust import machine_certificates
from sandbox.settings import Settings

log = logging.getLogger(__name__)

#: Seconds between two comparisons of the API with the engine.
INTERVAL = 0.5
#: cloud-init prints this after the last SSH host key. A console output with it is complete.
CONSOLE_END = "-----END SSH HOST KEY KEYS-----"


@dataclass(frozen=True)
class _Snapshot:
    """The state of the API and of the engine at one moment."""

    networks: dict[str, Vpc]
    hosts: dict[str, Instance]
    databases: dict[str, Database]
    groups: dict[str, SecurityGroup]
    containers: dict[tuple[str, str], Container]
    #: By id: the images that were made from an instance.
    machine_images: dict[str, MachineImage]
    #: The names of the Docker networks that have a container.
    joined: frozenset[str]

    @cached_property
    def members(self) -> dict[str, set[str]]:
        """The private addresses of each security group's members."""
        machines: dict[tuple[str, str], Instance | Database] = {
            **{("host", identity): host for identity, host in self.hosts.items()},
            **{("database", identity): database for identity, database in self.databases.items()},
        }
        found: dict[str, set[str]] = {}
        for key, machine in machines.items():
            container = self.containers.get(key)
            if container and container.address:
                for group_id in machine.security_group_ids:
                    found.setdefault(group_id, set()).add(container.address)
        return found


class Reconciler:
    """Starts, stops and removes containers until it is stopped. There is one for each sandbox."""

    def __init__(self, settings: Settings, state: CloudState, listeners: Listeners) -> None:
        self._settings = settings
        self._state = state
        self._listeners = listeners
        self._client: docker.DockerClient | None = None
        self._stop = threading.Event()
        self._builds = Builds(settings)
        self._attempts = Attempts()
        #: VPC id to the gateway address that services listen on. Only the loop's own thread uses it.
        self._served: dict[str, str] = {}
        self._written: Status | None = None
        # Written by the worker threads, each for its own container.
        self._consoles: dict[str, str] = {}
        self._applied: dict[str, tuple[str, str, str | None]] = {}
        self._reboots: dict[str, int] = {}
        #: The endpoint of a container since its start, and the rules that were set for it.
        self._filtered: dict[tuple[str, str], tuple[str, str]] = {}

    def run(self, stop: threading.Event) -> None:
        """Work until *stop* is set. Errors are logged and shown in the status, and the loop continues."""
        self._stop = stop
        self._builds.start(stop)
        try:
            while not stop.wait(INTERVAL):
                try:
                    self._round()
                except (DockerException, EngineError, OSError) as error:
                    log.warning("the engine does not answer: %s", error)
                    self._disconnect()
                    self._write(Status(images=self._builds.states(), problems=[f"Docker: {describe(error)}"]))
        finally:
            self._attempts.close()

    def _round(self) -> None:
        if self._client is None:
            self._client = connect()
        client = self._client
        snapshot = self._look(client)
        self._open_networks(client, snapshot)
        actions = planning.for_hosts(snapshot.hosts.values(), snapshot.containers.values())
        actions += planning.for_databases(snapshot.databases.values(), snapshot.containers.values())
        for action in actions:
            if work := self._work(client, action, snapshot):
                self._attempts.submit((action.kind, action.identity), action.verb, work)
        for image in snapshot.machine_images.values():
            if not image.available:
                self._attempts.submit(("machine image", image.image_id), "store", partial(self._store, client, image))
        for container in snapshot.containers.values():
            if container.running:
                self._follow(client, container, snapshot)
        self._close_networks(client, snapshot)
        self._forget(snapshot)
        self._write(self._status(snapshot))

    def _disconnect(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    # Reading the state

    def _look(self, client: docker.DockerClient) -> _Snapshot:
        # The SDK's list calls the engine again for each container. The summaries contain all that is needed.
        summaries = client.api.containers(all=True, filters=labels.selector(self._settings.name))
        found = [self._container(summary) for summary in summaries if labels.KIND in summary["Labels"]]
        return _Snapshot(
            networks={item.vpc_id: item for item in self._state.vpcs()},
            hosts={item.instance_id: item for item in self._state.instances()},
            databases={item.identifier: item for item in self._state.databases()},
            groups={item.group_id: item for item in self._state.security_groups()},
            containers={(item.kind, item.identity): item for item in found},
            machine_images={item.image_id: item for item in self._state.machine_images()},
            joined=frozenset(name for summary in summaries for name in summary["NetworkSettings"]["Networks"]),
        )

    def _container(self, summary: dict[str, Any]) -> Container:
        public = networks.public_network_name(self._settings)
        joined = summary["NetworkSettings"]["Networks"]
        in_vpc: dict[str, Any] = next((each for name, each in joined.items() if name != public), {})
        return Container(
            kind=summary["Labels"][labels.KIND],
            identity=summary["Labels"][labels.IDENTITY],
            running=summary["State"] == "running",
            public_ip=((joined.get(public) or {}).get("IPAMConfig") or {}).get("IPv4Address"),
            address=in_vpc.get("IPAddress") or None,
            endpoint=in_vpc.get("EndpointID", ""),
        )

    # Networks

    def _open_networks(self, client: docker.DockerClient, snapshot: _Snapshot) -> None:
        """Let the services listen in each VPC with something that runs."""
        needed = {host.vpc_id for host in snapshot.hosts.values() if host.state in ("pending", "running")}
        needed |= {item.vpc_id for item in snapshot.databases.values() if planning.is_postgres(item)}
        for vpc_id in sorted(needed & set(snapshot.networks) - set(self._served)):
            network = snapshot.networks[vpc_id]
            if self._attempts.perform(("network", vpc_id), network.cidr, partial(self._open, client, network)):
                self._served[vpc_id] = network.gateway

    def _open(self, client: docker.DockerClient, network: Vpc) -> None:
        networks.ensure_vpc(client, self._settings, network)
        self._listeners.listen_on(network.gateway)

    def _close_networks(self, client: docker.DockerClient, snapshot: _Snapshot) -> None:
        """Remove the networks of VPCs that no longer exist, as soon as no container is in them."""
        for vpc_id in sorted(set(self._served) - set(snapshot.networks)):
            name = networks.vpc_network_name(self._settings, vpc_id)
            if name not in snapshot.joined:
                self._listeners.stop_on(self._served.pop(vpc_id))
                networks.remove(client, name)

    # Containers

    def _work(self, client: docker.DockerClient, action: Action, snapshot: _Snapshot) -> Callable[[], object] | None:
        """The work of an action, or None if something that it needs does not exist yet."""
        settings, identity = self._settings, action.identity
        if action.verb == "create" and action.kind == "host":
            return self._host_creation(client, snapshot.hosts[identity], snapshot)
        if action.verb == "create":
            return self._database_creation(client, snapshot.databases[identity], snapshot)
        if action.verb == "connect":
            address = snapshot.hosts[identity].public_ip or ""
            return lambda: hosts.connect_public(client, settings, identity, address)
        if action.verb == "disconnect":
            return lambda: hosts.disconnect_public(client, settings, identity)
        module = hosts if action.kind == "host" else databases
        work = {"start": module.start, "stop": module.stop, "remove": module.remove}[action.verb]
        return lambda: work(client, settings, identity)

    def _host_creation(
        self, client: docker.DockerClient, host: Instance, snapshot: _Snapshot
    ) -> Callable[[], object] | None:
        settings, tag = self._settings, self._image(host, snapshot)
        if tag is None or host.vpc_id not in self._served:
            return None
        trusted = machine_certificates() | {"slipway-sandbox.crt": settings.ca_certificate.read_bytes()}
        plan = hosts.Plan(host, snapshot.networks[host.vpc_id], tag, cgroup_version(client), trusted)
        return lambda: hosts.create(client, settings, plan)

    def _image(self, host: Instance, snapshot: _Snapshot) -> str | None:
        """The Docker image of a host, or None if it does not exist yet."""
        made = snapshot.machine_images.get(host.image_id)
        if made:
            return machine_images.tag_of(self._settings, made.image_id) if made.available else None
        image = images.of_host(host.image_name)
        self._builds.request(image, self._stop)
        return self._builds.tag(image)

    def _store(self, client: docker.DockerClient, image: MachineImage) -> None:
        machine_images.store(client, self._settings, image.image_id, image.instance_id)
        self._state.record_image(image.image_id)

    def _database_creation(
        self, client: docker.DockerClient, database: Database, snapshot: _Snapshot
    ) -> Callable[[], object] | None:
        settings, tag = self._settings, self._builds.tag("postgres")
        if tag is None or database.vpc_id not in self._served:
            return None
        certificate, key = database_certificate(settings, database.hostname)
        plan = databases.Plan(database, snapshot.networks[database.vpc_id], tag, certificate, key)
        return lambda: databases.create(client, settings, plan)

    def _follow(self, client: docker.DockerClient, container: Container, snapshot: _Snapshot) -> None:
        """Do what a running container still needs: packet filter, reboot, console output, master user."""
        key = (container.kind, container.identity)
        text = self._rules(container, snapshot)
        if text and self._filtered.get(key) != (container.endpoint, text):
            self._attempts.submit(
                ("rules of", container.identity),
                "security groups",
                lambda: self._filter(client, container, text),
                quiet=True,
            )
        host = snapshot.hosts.get(container.identity)
        if host and host.reboots > self._reboots.get(host.instance_id, 0):
            self._attempts.submit(key, "reboot", lambda: self._reboot(client, host))
        if container.kind == "host" and CONSOLE_END not in self._consoles.get(container.identity, ""):
            self._attempts.submit(key, "console", lambda: self._read_console(client, container.identity), quiet=True)
        database = snapshot.databases.get(container.identity)
        if container.kind == "database" and database and self._applied.get(container.identity) != _master(database):
            self._attempts.submit(key, "master user", lambda: self._apply(client, database), quiet=True)

    def _rules(self, container: Container, snapshot: _Snapshot) -> str:
        """The packet filter of a container. Empty if the API no longer knows the container or its VPC."""
        machine: Instance | Database | None = snapshot.hosts.get(container.identity) or snapshot.databases.get(
            container.identity
        )
        gateway = self._served.get(machine.vpc_id) if machine else None
        if machine is None or gateway is None:
            return ""
        groups = [snapshot.groups[each] for each in machine.security_group_ids if each in snapshot.groups]
        return packet_filter.rules(groups, snapshot.members, Services.of(self._settings, gateway))

    def _filter(self, client: docker.DockerClient, container: Container, text: str) -> None:
        module = hosts if container.kind == "host" else databases
        name = module.container_name(self._settings, container.identity)
        packet_filter.apply(client.containers.get(name), text)
        self._filtered[(container.kind, container.identity)] = (container.endpoint, text)

    def _reboot(self, client: docker.DockerClient, host: Instance) -> None:
        hosts.reboot(client, self._settings, host.instance_id)
        self._reboots[host.instance_id] = host.reboots

    def _read_console(self, client: docker.DockerClient, instance_id: str) -> None:
        text = hosts.console(client, self._settings, instance_id)
        if text != self._consoles.get(instance_id):
            self._state.record_console(instance_id, text)
            self._consoles[instance_id] = text

    def _apply(self, client: docker.DockerClient, database: Database) -> None:
        if databases.apply(client, self._settings, database):
            self._applied[database.identifier] = _master(database)

    def _forget(self, snapshot: _Snapshot) -> None:
        """Forget containers that were removed: an identifier can be used again."""
        for identity in [item for item in self._consoles if ("host", item) not in snapshot.containers]:
            self._consoles.pop(identity, None)
            self._reboots.pop(identity, None)
        for identity in [item for item in self._applied if ("database", item) not in snapshot.containers]:
            self._applied.pop(identity, None)
        self._filtered = {key: each for key, each in self._filtered.items() if key in snapshot.containers}
        known = {("rules of", identity) for _, identity in snapshot.containers}
        known |= {("host", item) for item in snapshot.hosts} | {("database", item) for item in snapshot.databases}
        known |= {("machine image", image_id) for image_id in snapshot.machine_images}
        self._attempts.keep(known | set(snapshot.containers) | {("network", item) for item in snapshot.networks})

    # Reporting the status

    def _status(self, snapshot: _Snapshot) -> Status:
        states = self._builds.states()
        live = [item for item in snapshot.hosts.values() if item.state not in ("shutting-down", "terminated")]
        return Status(
            images=states,
            hosts=[self._machine(snapshot, "host", item.instance_id, item.state, item.private_ip) for item in live],
            databases=[
                self._machine(snapshot, "database", item.identifier, item.state, f"{item.hostname}:{item.port}")
                for item in snapshot.databases.values()
            ],
            problems=[
                *(f"image {name}: {item.detail}" for name, item in states.items() if item.state == "failed"),
                *self._attempts.problems(),
            ],
        )

    def _machine(
        self, snapshot: _Snapshot, kind: labels.Kind, identity: str, state: str, address: str
    ) -> MachineStatus:
        container = snapshot.containers.get((kind, identity))
        if container is None:
            tag = self._image(snapshot.hosts[identity], snapshot) if kind == "host" else self._builds.tag("postgres")
            shown = "none" if tag else "waits for its image"
        elif not container.running:
            shown = "stopped"
        elif kind == "database" and identity not in self._applied:
            shown = "starting"
        else:
            shown = "running"
        return MachineStatus(identity, state, address, shown, self._attempts.problem((kind, identity)))

    def _write(self, status: Status) -> None:
        if status != self._written:
            write(self._settings.directory, status)
            self._written = status


def _master(database: Database) -> tuple[str, str, str | None]:
    """The values that must be set in PostgreSQL again when they change."""
    return database.master_username, database.master_password, database.name
