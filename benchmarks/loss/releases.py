"""Two releases to switch between: the one that serves, and a variation of it that is published for the measurement."""

from __future__ import annotations

import asyncio
import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.loss.hosts import Host, RefusedError, client
from benchmarks.loss.mechanism import BLUE_GREEN, ROOT, play, switch
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


@contextmanager
def two_releases(settings: Settings, hosts: Sequence[Host]) -> Iterator[tuple[str, str]]:
    """Publish and release a variation of the sample service; return what served before, and the variation.

    At the end the first serves again, and its artifact is the newest one again.
    """
    (before,) = {serving(host) for host in hosts}
    (artifact,) = {host.artifact for host in hosts}
    bucket, _, key = artifact.removeprefix("s3://").partition("/")
    s3 = client(settings, "s3")
    newest = s3.head_object(Bucket=bucket, Key=key)["VersionId"]
    try:
        say(f"{before} serves; publishing and releasing a variation of it")
        folder = WORK / "app"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(SAMPLE, folder, ignore=NOT_PUBLISHED)
        (folder / "variation.txt").write_text(f"Instead of {before}.\n", encoding="utf-8")
        asyncio.run(play("playbooks/publish.yml", [], {"dir": str(folder)}))
        asyncio.run(play("playbooks/release.yml", [], {}))
        (variation,) = {serving(host) for host in hosts}
        if variation == before:
            raise RefusedError("The variation was released and does not serve")
        yield before, variation
    finally:
        published = s3.head_object(Bucket=bucket, Key=key)["VersionId"]
        if published != newest:
            s3.delete_object(Bucket=bucket, Key=key, VersionId=published)
        if {serving(host) for host in hosts} != {before}:
            say(f"{before} serves again")
            asyncio.run(switch(BLUE_GREEN, hosts, before))
