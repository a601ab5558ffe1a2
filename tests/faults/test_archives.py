"""Broken or hostile archives are refused before any of their files is on the host."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.faults.app_sources import archive, service, twice
from tests.faults.deployed_app import DeployedApp
from tests.faults.flow import converges, fails_with, publish_next, untouched

APP = service("none")


@dataclass(frozen=True)
class Artifact:
    """An archive, the part of it that reaches S3, and the words of the refusal."""

    body: bytes
    words: tuple[str, ...]
    stored: Callable[[bytes], bytes] = field(default=bytes)


def _flipped(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]


WHOLE = archive({"main.py": APP, "padding.bin": bytes(range(256)) * 64})
ARTIFACTS = {
    "truncated": Artifact(WHOLE, ("SHA-256", "publish"), stored=lambda body: body[:-100]),
    "flipped": Artifact(WHOLE, ("SHA-256", "publish"), stored=_flipped),
    "parent folder": Artifact(archive({"main.py": APP, "../evil.py": "x"}), ("../evil.py",)),
    "absolute path": Artifact(archive({"main.py": APP, "/etc/evil": "x"}), ("/etc/evil",)),
    "link": Artifact(archive({"main.py": APP, "link": "/etc"}, {"link": stat.S_IFLNK | 0o777}), ("link",)),
    "bomb": Artifact(archive({"main.py": APP, "zeros.bin": bytes(300 << 20)}), ("zeros.bin", "bomb")),
    "the same name twice": Artifact(twice({"main.py": APP}, "main.py"), ("main.py", "more than once")),
    "device": Artifact(
        archive({"main.py": APP, "device": ""}, {"device": stat.S_IFCHR | 0o666}), ("device", "socket or pipe")
    ),
    "names that differ in case only": Artifact(archive({"main.py": APP, "Main.py": APP}), ("Main.py",)),
    "main.py in the wrong case": Artifact(archive({"Main.py": APP}), ("main.py",)),
    "no main.py": Artifact(archive({"other.py": APP}), ("main.py",)),
}


@pytest.fixture(scope="module", autouse=True)
def mended(app: DeployedApp) -> Iterator[None]:
    """After the last of these faults, one run installs an intact version."""
    yield
    converges(app, publish_next(app))


@pytest.mark.parametrize("name", ARTIFACTS)
def test_a_bad_archive_is_refused(app: DeployedApp, name: str) -> None:
    wrong = ARTIFACTS[name]
    app.publish(wrong.stored(wrong.body), sha256=hashlib.sha256(wrong.body).hexdigest())
    with untouched(app):
        fails_with(app.release(), *wrong.words)
