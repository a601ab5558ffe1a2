"""The images of containers. An image is built only when its input changes.

A tag ends with a digest of the image's whole input. So one look-up shows whether the image is built, and two checkouts
with different files do not disturb each other.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import docker
from docker.errors import APIError, ImageNotFound

from sandbox import apt
from sandbox.machine import labels
from sandbox.machine.engine import EngineError

ImageName = Literal["host", "host-13", "postgres"]
#: Takes one line of progress.
Progress = Callable[[str], None]

#: The images that every sandbox needs. The image of Debian 12 hosts is built for the first of them.
IMAGES: tuple[ImageName, ...] = ("host-13", "postgres")

_CONTEXTS = Path(__file__).parent / "images"
#: Variables that Docker hands to a build without leaving them in the image.
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


class ImageError(EngineError):
    """An image could not be made."""


@dataclass(frozen=True)
class Base:
    """The base of an image: a release of Debian."""

    version: int
    codename: str

    @property
    def pulled(self) -> tuple[str, str]:
        """Repository and tag in a registry."""
        return "debian", f"{self.version}-slim"

    @property
    def recipe(self) -> tuple[str, ...]:
        """The arguments of mmdebstrap, which makes the base from Debian's packages if no registry answers."""
        return "--variant=minbase", "--include=ca-certificates", self.codename

    @property
    def made(self) -> str:
        """The tag of the base that mmdebstrap made."""
        return f"slipway-sandbox-base:{hashlib.sha256(' '.join(self.recipe).encode()).hexdigest()[:12]}"


_BOOKWORM, _TRIXIE = Base(12, "bookworm"), Base(13, "trixie")
#: The folder with an image's files, and its base.
_SOURCES: dict[ImageName, tuple[Path, Base]] = {
    "host": (_CONTEXTS / "host", _BOOKWORM),
    "host-13": (_CONTEXTS / "host", _TRIXIE),
    "postgres": (_CONTEXTS / "postgres", _BOOKWORM),
}


def of_host(machine_image: str) -> ImageName:
    """The image for an instance of the machine image with this name: Debian 13, or Debian 12 for all other systems."""
    return "host-13" if machine_image.startswith("debian-13-") else "host"


def tag_of(name: ImageName) -> str:
    """The tag of the image that is built from the current files."""
    return f"slipway-sandbox-{name}:{digest(_SOURCES[name][0])}"


def digest(context: Path) -> str:
    """The first 12 hexadecimal digits of a digest over names and contents of all files below *context*."""
    total = hashlib.sha256()
    for path in sorted(item for item in context.rglob("*") if item.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(context).as_posix()}\0{content}\n".encode())
    return total.hexdigest()[:12]


def present(client: docker.DockerClient, name: ImageName) -> bool:
    """Whether the image is built."""
    return _has(client, tag_of(name))


def ensure(client: docker.DockerClient, name: ImageName, work: Path, progress: Progress) -> str:
    """Build the image if it is missing; return its tag.

    *work* is a folder for large temporary files, and for the lock against simultaneous builds. Raises ImageError with
    the last lines of the build.
    """
    tag = tag_of(name)
    if _has(client, tag):
        return tag
    with _one_at_a_time(work / f"image-{name}.lock"):
        if not _has(client, tag):
            with _one_at_a_time(work / "image-base.lock"):
                base = _base(client, _SOURCES[name][1], work, progress)
            _build(client, name, tag, base, progress)
    return tag


def all_tags(client: docker.DockerClient) -> list[str]:
    """All images that the sandbox has made, also old ones and the base."""
    found = client.images.list(filters={"label": labels.IMAGE})
    return sorted(tag for image in found for tag in image.tags)


def _has(client: docker.DockerClient, tag: str) -> bool:
    try:
        client.images.get(tag)
    except ImageNotFound:
        return False
    return True


def _build(client: docker.DockerClient, name: ImageName, tag: str, base: str, progress: Progress) -> None:
    progress(f"{name} image: starting from {base}")
    proxies = {variable: os.environ[variable] for variable in _PROXY_VARIABLES if variable in os.environ}
    stream = client.api.build(
        path=str(_SOURCES[name][0]),
        tag=tag,
        rm=True,
        forcerm=True,
        decode=True,
        buildargs={"BASE": base, **proxies},
        labels={labels.IMAGE: name},
    )
    tail: list[str] = []
    for line in _lines(stream):
        tail = [*tail[-4:], line]
        progress(f"{name} image: {line}")
    if not _has(client, tag):
        raise ImageError(f"the {name} image was not built: {' / '.join(tail)}")


def _lines(stream: Iterable[dict[str, Any]]) -> Iterator[str]:
    for event in stream:
        if "error" in event:
            raise ImageError(f"building an image failed: {str(event['error']).strip()}")
        for line in str(event.get("stream", "")).splitlines():
            if line.strip():
                yield line.strip()


def _base(client: docker.DockerClient, base: Base, work: Path, progress: Progress) -> str:
    pulled = ":".join(base.pulled)
    for tag in (pulled, base.made):
        if _has(client, tag):
            return tag
    progress(f"base image: pulling {pulled}")
    try:
        client.images.pull(*base.pulled)
    except APIError as error:
        reason = str(error.explanation or error).strip()
    else:
        return pulled
    _make_base(client, base, work, progress, reason)
    return base.made


def _make_base(client: docker.DockerClient, base: Base, work: Path, progress: Progress, reason: str) -> None:
    """Make the base from Debian's packages. *reason* says why it was not pulled."""
    _ensure_mmdebstrap(base, progress, reason)
    with tempfile.TemporaryDirectory(prefix="base-", dir=work) as folder:
        archive = Path(folder) / "base.tar"
        progress("base image: no registry answers, so mmdebstrap makes it from Debian's packages")
        done = subprocess.run(
            ["mmdebstrap", "--quiet", *base.recipe, str(archive)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise ImageError(f"no base image: {reason}; and mmdebstrap failed: {last}")
        progress("base image: importing it")
        repository, _, version = base.made.partition(":")
        client.api.import_image_from_file(
            str(archive), repository=repository, tag=version, changes=[f"LABEL {labels.IMAGE}=base"]
        )
    if not _has(client, base.made):
        raise ImageError("no base image: Docker did not accept the one that mmdebstrap made")


def _ensure_mmdebstrap(base: Base, progress: Progress, reason: str) -> None:
    if shutil.which("mmdebstrap"):
        return
    if not apt.usable():
        raise ImageError(
            f"no base image: {reason}. Make a registry reachable (`docker pull {':'.join(base.pulled)}`), "
            "or install mmdebstrap, with which it is made from Debian's packages"
        )
    progress("base image: installing mmdebstrap with apt")
    try:
        apt.install(["mmdebstrap", "debian-archive-keyring"], lambda line: progress(f"base image: apt: {line}"))
    except apt.AptError as error:
        raise ImageError(f"no base image: {reason}; and mmdebstrap cannot be installed: {error}") from error


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """Hold a lock that all sandboxes share, so that the second finds what the first has built."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
