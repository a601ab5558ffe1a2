"""Two releases to switch between: the one that serves, and a variation of it that is published for the measurement."""

from __future__ import annotations

import asyncio
import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.loss.hosts import Host, RefusedError, client
from benchmarks.loss.mechanism import BLUE_GREEN, ROOT, Release, play, switch
from benchmarks.loss.progress import say
from sandbox.settings import Settings

SAMPLE = ROOT / "examples" / "app"
WORK = ROOT / ".cache" / "benchmarks" / "release_loss"
NOT_PUBLISHED = shutil.ignore_patterns("tests", "__pycache__", ".*_cache")
SECONDS = 10


def serving(host: Host) -> str:
    """Return the release that a host serves. Raises RefusedError when it is not the sample service that serves."""
    request = urllib.request.Request(
        f"http://{host.address}:{host.port}/echo",
        data=json.dumps({"text": "hello"}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - a host of the sandbox
            said = json.load(answer)
    except (OSError, ValueError) as error:
        raise RefusedError(
            f"{host.instance} does not serve the sample service, which the clients ask ({error}): "
            "make deploy APP=examples/app"
        ) from error
    return str(said["release"])


def serves(hosts: Sequence[Host]) -> str:
    """Return the release that all hosts serve. Raises RefusedError when they do not serve the same."""
    found = {serving(host) for host in hosts}
    if len(found) > 1:
        raise RefusedError(f"The hosts serve {' and '.join(sorted(found))}: bring them to one first, make release")
    return found.pop()


@contextmanager
def two_releases(settings: Settings, hosts: Sequence[Host]) -> Iterator[tuple[Release, Release]]:
    """Publish and release a variation of the sample service; return what served before, and the variation.

    At the end the first serves again, and the newest artifact is the one that was.
    """
    before = Release(serves(hosts), _folder("plain"))
    (artifact,) = {host.artifact for host in hosts}
    bucket, _, key = artifact.removeprefix("s3://").partition("/")
    s3 = client(settings, "s3")
    newest = s3.head_object(Bucket=bucket, Key=key)["VersionId"]
    try:
        say(f"{before.id} serves; publishing and releasing a variation of it")
        folder = _folder("variation")
        (folder / "variation.txt").write_text(f"Instead of {before.id}.\n", encoding="utf-8")
        asyncio.run(play("playbooks/publish.yml", [], {"dir": str(folder)}))
        asyncio.run(play("playbooks/release.yml", [], {}))
        variation = Release(serves(hosts), folder)
        if variation.id == before.id:
            raise RefusedError("The variation was released and does not serve")
        yield before, variation
    finally:
        while (published := s3.head_object(Bucket=bucket, Key=key)["VersionId"]) != newest:
            s3.delete_object(Bucket=bucket, Key=key, VersionId=published)
        if {serving(host) for host in hosts} != {before.id}:
            say(f"{before.id} serves again")
            asyncio.run(switch(BLUE_GREEN, hosts, before))


def _folder(name: str) -> Path:
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(SAMPLE, folder, ignore=NOT_PUBLISHED)
    return folder
