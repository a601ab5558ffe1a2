"""Every place that could contain a secret by mistake: how to read it, and how to plant something in it.

The same code searches for real secrets and proves that it would find a planted one.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx

from tests.e2e.run import ROOT, Run, play
from tests.e2e.world import World

WORK = ROOT / ".slipway" / "sandbox" / "location-content"
ANSIBLE = ROOT / ".ansible"
# Folder for temporary files of programs on this machine, during `play_and_look`.
TEMPORARY = ROOT / ".cache" / "e2e-tmp"
# Files in which a host may have a secret. No other file may.
HOST_PLACES = "/tmp /var/tmp /etc /var/log /opt/slipway/etc /opt/slipway/lib /root /home /run/backend-verify"
STATE = "sandbox/location-content/terraform.tfstate"


def _base64_forms(raw: bytes) -> Iterator[bytes]:
    """The base64 characters that depend on these bytes alone, for each position in a longer text."""
    for before in range(3):
        padded = bytes(before) + raw
        first, end = -(-8 * before // 6), 8 * len(padded) // 6
        yield base64.b64encode(padded)[first:end]
        yield base64.urlsafe_b64encode(padded)[first:end]


def forms(secret: str) -> set[bytes]:
    """A secret as it is, and in base64, URL, JSON and hex encoding, alone or inside a longer text."""
    raw = secret.encode()
    texts = {quote(secret, safe=""), json.dumps(secret)[1:-1], raw.hex(), raw.hex().upper()}
    return {raw, *_base64_forms(raw), *(text.encode() for text in texts)}


def leaks(secrets: dict[str, str], content: bytes) -> list[str]:
    """Names of the secrets that the content has in any form."""
    return [name for name, secret in secrets.items() if any(form in content for form in forms(secret))]


class CommandLines:
    """Every command line that this machine shows during a run."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> CommandLines:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.05):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(path.read_bytes())
                except OSError:  # The process has ended in the meantime.
                    continue


@dataclass(frozen=True)
class Sink:
    """A place: ``read`` returns its present content, ``plant`` puts a text into it for a limited time."""

    name: str
    read: Callable[[World], bytes]
    plant: Callable[[World, str], AbstractContextManager[object]] = field(repr=False)


def _files(folders: Iterable[Path]) -> bytes:
    """All files below the folders, and every member of archives. A saved plan is an archive."""
    found = []
    for path in (path for folder in folders for path in folder.rglob("*")):
        if not path.is_file() or path.is_symlink() or "providers" in path.parts:
            continue
        found.append(path.read_bytes())
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                found += [archive.read(name) for name in archive.namelist()]
    return b"\n".join(found)


@contextmanager
def _file(path: Path, content: str) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    try:
        yield
    finally:
        path.unlink()


@contextmanager
def _archive(_world: World, text: str) -> Iterator[None]:
    path = WORK / "planted.tfplan"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tfplan", text)
    try:
        yield
    finally:
        path.unlink()


def _state(world: World) -> bytes:
    s3, bucket = world.client("s3"), world.settings.state_bucket
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert STATE in keys
    return b"\n".join(s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys)


@contextmanager
def _state_object(world: World, text: str) -> Iterator[None]:
    s3, bucket = world.client("s3"), world.settings.state_bucket
    s3.put_object(Bucket=bucket, Key="planted", Body=text.encode())
    try:
        yield
    finally:
        s3.delete_object(Bucket=bucket, Key="planted")


@contextmanager
def _request(world: World, text: str) -> Iterator[None]:
    # The log has the path of a request and not its query, because a query can contain keys.
    httpx.get(f"{world.settings.api_url}/{text}", timeout=10)
    time.sleep(0.2)
    yield


@contextmanager
def _on_host(world: World, put: str, remove: str) -> Iterator[None]:
    world.shell(put)
    try:
        yield
    finally:
        world.shell(remove)


def _host_files(world: World) -> bytes:
    command = f"find {HOST_PLACES} -xdev -type f -size -2M -exec cat {{}} + 2>/dev/null | base64 -w0"
    return base64.b64decode(world.shell(command))


def _facts(world: World) -> bytes:
    host = world.instance["InstanceId"]
    done = subprocess.run(
        [ROOT / ".venv" / "bin" / "ansible", host, "-b", "-m", "ansible.builtin.setup"],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "ansible_distribution" in done.stdout
    return done.stdout.encode()


@contextmanager
def _tag(world: World, text: str) -> Iterator[None]:
    ec2, instance = world.client("ec2"), world.instance["InstanceId"]
    ec2.create_tags(Resources=[instance], Tags=[{"Key": "planted", "Value": text}])
    vars(world).pop("instance")  # The tag was read once. Now it has another value.
    try:
        yield
    finally:
        ec2.delete_tags(Resources=[instance], Tags=[{"Key": "planted"}])
        vars(world).pop("instance", None)


SINKS = [
    Sink("plans and reports", lambda _: _files([WORK]), lambda _, text: _file(WORK / "planted.json", text)),
    Sink("members of a plan", lambda _: _files([WORK]), _archive),
    Sink("Ansible's folder", lambda _: _files([ANSIBLE]), lambda _, text: _file(ANSIBLE / "tmp" / "planted", text)),
    Sink("temporary files", lambda _: _files([TEMPORARY]), lambda _, text: _file(TEMPORARY / "planted", text)),
    Sink("the sandbox's log", lambda world: world.settings.log_file.read_bytes(), _request),
    Sink("Terraform's state", _state, _state_object),
    Sink(
        "the host's journal",
        lambda world: world.shell("journalctl --no-pager -o verbose").encode(),
        lambda world, text: _on_host(world, f"logger {text}; sync; journalctl --sync", "true"),
    ),
    Sink(
        "the host's files",
        _host_files,
        lambda world, text: _on_host(world, f"echo {text} > /var/tmp/planted", "rm /var/tmp/planted"),
    ),
    Sink(
        "the host's command lines",
        lambda world: world.shell("cat /proc/[0-9]*/cmdline").encode(),
        # The brackets prevent pkill from finding its own shell.
        lambda world, text: _on_host(
            world, f"sh -c 'sleep 60; : {text}' >/dev/null 2>&1 &", f"pkill -f '{text[:-1]}[{text[-1]}]'"
        ),
    ),
    Sink(
        "the units' properties",
        lambda world: world.shell(
            "systemctl show 'backend*' haproxy; systemctl cat backend backend@blue haproxy"
        ).encode(),
        lambda world, text: _on_host(
            world,
            "mkdir -p /run/systemd/system/backend@.service.d && printf '[Service]\\nEnvironment=PLANTED="
            f"{text}\\n' > /run/systemd/system/backend@.service.d/planted.conf && systemctl daemon-reload",
            "rm -r /run/systemd/system/backend@.service.d; systemctl daemon-reload",
        ),
    ),
    Sink(
        "facts",
        _facts,
        lambda world, text: _on_host(
            world,
            f"mkdir -p /etc/ansible/facts.d && echo '\"{text}\"' > /etc/ansible/facts.d/planted.fact",
            "rm -r /etc/ansible",
        ),
    ),
    Sink("tags", lambda world: json.dumps(world.tags).encode(), _tag),
]


def play_and_look(*arguments: str, env: Mapping[str, str]) -> tuple[Run, bytes]:
    """Run a playbook. Return it with every command line that this machine showed during the run."""
    shutil.rmtree(TEMPORARY, ignore_errors=True)
    TEMPORARY.mkdir(parents=True)
    with CommandLines() as lines:
        run = play(*arguments, env={**env, "TMPDIR": str(TEMPORARY)})
    return run, b"\n".join(lines.seen)
