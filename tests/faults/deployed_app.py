"""The test apps into which faults are injected, and the functions that find what serves.

The site has four hosts. Each becomes an application of its own, a test app, with its own artifact, parameter, lease and
inventory. So four tests can run side by side, each with its own faults. For the faults of a fleet all four hosts are
one application again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import httpx
from docker.models.containers import Container

from sandbox.settings import Settings, settings_for
from tests.e2e.run import LOGS, ROOT, SECONDS, Run
from tests.e2e.world import World

APP = "faults"
HOSTS = 4
WORK = ROOT / ".cache" / "faults"
LEASE_SECONDS = 15
"""Short, because the run after a killed one waits for it; long enough for a busy machine to renew it."""

# What serves, from the host's own view. A new process may still be the shell that starts it.
LOOK = """
import json, os, subprocess
from pathlib import Path
TOP = Path("/opt/backend")
def link(name):
    try:
        return os.readlink(TOP / name).rpartition("/")[2]
    except OSError:
        return ""
def unit(slot):
    shown = subprocess.run(["systemctl", "show", f"backend@{slot}", "--property=MainPID,ActiveState"],
                           capture_output=True, text=True).stdout
    return dict(line.split("=", 1) for line in shown.split())
def release(pid):
    try:
        entries = Path("/proc", pid, "environ").read_bytes().split(b"\\0")
    except OSError:
        return ""
    return next((e.decode().partition("=")[2] for e in entries if e.startswith(b"SLIPWAY_RELEASE=")), "")
entries = dict(line.split() for line in (TOP / "haproxy.map").read_text().splitlines())
active = entries.get("active", "")
units = {slot: unit(slot) for slot in ("blue", "green")}
pid = units.get(active, {}).get("MainPID", "0")
print(json.dumps({
    "active": active, "current": link("current"), "previous": link("previous"), "linked": link(active),
    "process": release(pid), "pid": int(pid),
    "idle": [unit["ActiveState"] for slot, unit in units.items() if slot != active],
    "note": (TOP / ".switching.json").exists(),
    "partial": sorted(path.name for path in (TOP / "releases").glob(".*")),
}))
"""


@dataclass(frozen=True)
class Serving:
    """What serves on one host, from every source that could differ."""

    active: str
    """The slot in the map."""
    current: str
    previous: str
    linked: str
    """The release that the slot's link names."""
    process: str
    """The release that the slot's process was started with."""
    pid: int
    idle: list[str]
    """State of the other slot."""
    note: bool
    """Whether a switch has not come to its end."""
    partial: list[str]
    answers: str = ""
    """The release that answers a request through the port."""

    @property
    def release(self) -> str:
        """The release that serves. Fails if two sources differ."""
        named = {"link of the slot": self.linked, "process": self.process, "answer": self.answers}
        assert len(set(named.values())) == 1, f"torn: {self}"
        return self.answers

    @property
    def has_no_leftovers(self) -> bool:
        """Whether the run left nothing behind."""
        return self.current == self.release and self.idle == ["inactive"] and not self.note and not self.partial


@dataclass(frozen=True)
class Host:
    """One host, seen from outside and as root."""

    instance: str
    address: str
    container: Container = field(repr=False)

    def shell(self, script: str, check: bool = True) -> str:
        """Run a script as root and return its output."""
        done = self.container.exec_run(["bash", "-c", script])
        output = str(done.output.decode(errors="replace"))
        assert not check or done.exit_code == 0, f"{script}: {output}"
        return output

    def look(self) -> Serving:
        """What serves. If there is no answer, `answers` has the reason."""
        seen = json.loads(self.shell(f"python3 - <<'PYTHON'\n{LOOK}\nPYTHON"))
        return Serving(**seen, answers=self.ask())

    def ask(self) -> str:
        """The release that answers through the port, or the reason why none does."""
        try:
            answer = httpx.get(f"http://{self.address}:8000/health", timeout=10)
        except httpx.HTTPError as error:
            return f"{type(error).__name__}: {error}"
        return str(answer.json()["release"]) if answer.status_code == httpx.codes.OK else f"HTTP {answer.status_code}"


@dataclass
class DeployedApp:
    """An application on one or more hosts, and the inventory of only these hosts."""

    name: str
    hosts: list[Host]
    world: World
    parameter: str
    _count: int = 0

    @property
    def inventory(self) -> Path:
        return WORK / self.name / "inventories" / "sandbox"

    @property
    def settings(self) -> Settings:
        return self.world.settings

    @property
    def artifact(self) -> tuple[str, str]:
        """Bucket and key."""
        return bucket("artifacts"), f"releases/{self.name}.zip"

    @property
    def lease(self) -> tuple[str, str]:
        """Bucket and key."""
        return bucket("deployments"), f"{self.name}/lease.json"

    def client(self, service: str) -> Any:
        return self.world.client(service)

    # The target.

    def publish(self, body: bytes, sha256: str = "", app: str = "main:app") -> str:
        """Upload an archive as `make publish` does, and return the id of its release."""
        digest = sha256 or hashlib.sha256(body).hexdigest()
        name, key = self.artifact
        metadata = {"sha256": digest, "app": app}
        self.client("s3").put_object(Bucket=name, Key=key, Body=body, ContentType="application/zip", Metadata=metadata)
        return digest[:12]

    def next_version(self) -> str:
        """A version name that was not used before."""
        self._count += 1
        return f"{self.name}-{os.getpid()}-{self._count}"

    def env(self, text: str = "") -> None:
        """Store a `.env`, by default one with everything that a service needs."""
        text = text or self.settings.app_env.read_text(encoding="utf-8")
        self.client("ssm").put_parameter(Name=self.parameter, Value=text, Type="SecureString", Overwrite=True)

    # Runs.

    def command(self, playbook: str, *options: str) -> list[str]:
        """The command that a person would type, for this application only."""
        inventory = [
            "-i",
            str(self.inventory),
            "-e",
            f"app={self.name}",
            "-e",
            f"slipway_lease_seconds={LEASE_SECONDS}",
        ]
        return [str(ROOT / ".venv" / "bin" / "ansible-playbook"), *inventory, f"playbooks/{playbook}.yml", *options]

    def start(self, playbook: str, *options: str) -> Started:
        """Start a run and do not wait for it."""
        return Started(self.command(playbook, *options), self.name)

    def run(self, playbook: str, *options: str) -> Run:
        """Run a playbook to its end."""
        return self.start(playbook, *options).wait()

    def release(self, *options: str) -> Run:
        """`make release`."""
        return self.run("release", *options)

    # Results.

    def serving(self) -> list[Serving]:
        """What serves, host by host."""
        return [host.look() for host in self.hosts]

    def serves(self) -> str:
        """The release that all hosts serve, from every source."""
        releases = {serving.release for serving in self.serving()}
        assert len(releases) == 1, f"the hosts differ: {releases}"
        return releases.pop()

    def state(self) -> list[str]:
        """Everything that a release could change on the hosts, and nothing that changes by itself."""
        return [host.shell(STATE) for host in self.hosts]


STATE = """
cd /opt/backend
cat haproxy.map; readlink current previous .env venv blue green
ls -A . releases; sha256sum shared/.env history.jsonl
systemctl show backend@blue backend@green haproxy --property=Id,ActiveState,MainPID
"""


class Started:
    """A run in progress, in a process group of its own."""

    def __init__(self, argv: list[str], name: str) -> None:
        LOGS.mkdir(parents=True, exist_ok=True)
        self.argv = argv
        self._log = (LOGS / f"faults-{name}.log").open("a+", encoding="utf-8", errors="replace")
        self._log.write(f"\n$ {' '.join(argv)}\n")
        self._log.flush()
        self._own = WORK / name / f"run-{time.monotonic_ns()}.log"
        # What a killed run leaves there stays in the checkout.
        temporary = WORK / name / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        with self._own.open("w") as output:
            self.process = subprocess.Popen(
                argv,
                cwd=ROOT,
                env={
                    **os.environ,
                    "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
                    "NO_COLOR": "1",
                    "TMPDIR": str(temporary),
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        """The output so far."""
        return self._own.read_text(encoding="utf-8", errors="replace")

    def wait(self) -> Run:
        """Wait for its end."""
        try:
            code = self.process.wait(SECONDS)
        finally:
            self.kill()
        self._log.write(f"{self.output}[exit code {code}]\n")
        self._log.close()
        return Run(code, self.output)

    def kill(self) -> None:
        """Kill all its processes. Ansible's workers have sessions, and so groups, of their own."""
        workers = _descendants(self.process.pid) if self.process.poll() is None else []
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for pid in workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def until(self, condition: Callable[[], object], what: str, seconds: float = 240) -> None:
        """Wait for a condition during the run. Kill the run if the condition does not become true."""
        deadline = time.monotonic() + seconds
        try:
            while not condition():
                assert self.process.poll() is None, f"the run ended before {what}:\n{self.output[-3000:]}"
                assert time.monotonic() < deadline, f"no sign of {what} after {seconds} s:\n{self.output[-3000:]}"
                time.sleep(0.05)
        except AssertionError:
            self.kill()
            raise


def _descendants(pid: int) -> list[int]:
    """All descendants of a process."""
    shown = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    children: dict[int, list[int]] = {}
    for child, parent in (map(int, line.split()) for line in shown.splitlines()):
        children.setdefault(parent, []).append(child)
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found[1:]


def bucket(kind: str) -> str:
    """A bucket of the site."""
    return f"slipway-sandbox-{APP}-{kind}-{settings_for('main').account_id}"


def changed_nothing(run: Run) -> bool:
    """Whether a run reports no change on every host."""
    return run.code == 0 and not [count for count in re.findall(r"changed=(\d+)", run.output) if count != "0"]


def instances() -> list[dict[str, Any]]:
    """The site's running instances, in the order of their names."""
    found = (
        World(settings_for("main"), APP)
        .client("ec2")
        .describe_instances(Filters=[{"Name": "instance-state-name", "Values": ["running"]}])
    )
    wanted = [one for each in found["Reservations"] for one in each["Instances"]]
    named = {next(tag["Value"] for tag in one["Tags"] if tag["Key"] == "Name"): one for one in wanted}
    return [named[name] for name in sorted(named) if name.startswith(f"slipway-sandbox-{APP}")]


def make_app(name: str, members: list[dict[str, Any]], parameter: str) -> DeployedApp:
    """Make hosts of the site one application, with an inventory of only these hosts."""
    world = World(settings_for("main"), name)
    tags = {
        "slipway:app": name,
        "slipway:artifact": f"s3://{bucket('artifacts')}/releases/{name}.zip",
        "slipway:env-parameter": parameter,
    }
    world.client("ec2").create_tags(
        Resources=[one["InstanceId"] for one in members],
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    containers = docker.from_env().containers
    prefix = f"slipway-{world.settings.name}"
    hosts = [
        Host(one["InstanceId"], one["PublicIpAddress"], containers.get(f"{prefix}-{one['InstanceId']}"))
        for one in members
    ]
    for host in hosts:
        # Another application has another lease, with possibly lower generations.
        host.shell("rm -f /opt/backend/.generation")
    app = DeployedApp(name, hosts, world, parameter)
    _write_inventory(app)
    return app


def _write_inventory(app: DeployedApp) -> None:
    """Write the sandbox's inventory with an additional filter."""
    shutil.rmtree(WORK / app.name, ignore_errors=True)
    app.inventory.mkdir(parents=True)
    source = ROOT / "inventories" / "sandbox"
    text = (source / "aws_ec2.yml").read_text(encoding="utf-8")
    assert "filters:" not in text
    (app.inventory / "aws_ec2.yml").write_text(f"{text}filters:\n  tag:slipway:app: {app.name}\n", encoding="utf-8")
    for name in ("group_vars", "shared.yml"):
        (app.inventory / name).symlink_to(source / name)
    # The group variables look for the sandbox's keys relative to the inventory.
    (WORK / app.name / ".sandbox").symlink_to(ROOT / ".sandbox")
