"""Judges an archive whole before the first byte of it is written, then unpacks exactly what was judged.

What zip and tar files can do to whoever unpacks them is old and documented: names that leave the directory (CWE-22),
links that redirect later names (CWE-59), sizes that explode (CWE-409), two entries of one name of which readers pick
different ones. Extractors rewrite or follow these silently, so nothing here relies on one: names are judged as they
stand in the archive.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.archive_entries import (
    ArchiveError,
    Census,
    Contents,
    Limits,
    show,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.archive_readers import CHUNK, reading, walk


def _read(stream: IO[bytes], census: Census, raw: str) -> Iterator[bytes]:
    while True:
        chunk = stream.read(CHUNK)
        if not chunk:
            return
        census.grow(len(chunk), raw)
        yield chunk


_BYSTANDERS = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
"""What macOS and Windows put beside the directory that a person packs."""


def inspect(path: Path, limits: Limits) -> Contents:
    """Reads the whole archive, checksums included, and writes nothing.

    Raises:
        ArchiveError: it must not, or cannot, be unpacked.
    """
    census = Census(path.stat().st_size, limits)
    with reading():
        for entry, raw, stream in walk(path, limits):
            census.add(entry, raw)
            if stream is not None:
                for _ in _read(stream, census, raw):
                    pass
    return census.contents


def require_module(contents: Contents, application: str) -> None:
    """Makes sure that the archive holds the module of `module:attribute`.

    Raises:
        ArchiveError: it does not, or one level too deep.
    """
    module = application.partition(":")[0].replace(".", "/")
    candidates = (f"{module}.py", f"{module}/__init__.py")
    if any(candidate in contents.files for candidate in candidates):
        return
    tops = {name.partition("/")[0] for name in contents.files}
    tops = {top for top in tops if top not in _BYSTANDERS and not top.startswith("._")}
    for top in tops:
        if len(tops) == 1 and any(f"{top}/{candidate}" in contents.files for candidate in candidates):
            raise ArchiveError(
                f"the archive has {candidates[0]} inside the directory {show(top)}, not at the top: "
                "pack that directory's contents instead of the directory itself"
            )
    raise ArchiveError(
        f"the archive has no {candidates[0]}, the module of {application!r}: "
        "put it at the top of the archive, or name the module that the service has"
    )


def unpack(path: Path, destination: Path, limits: Limits) -> dict[str, str]:
    """Writes an archive that `inspect` has accepted into a new directory.

    Files get mode 0644, or 0755 if their owner may execute them. Owners and special bits mean nothing here.

    Returns:
        The SHA-256 of each file by its path.
    """
    census = Census(path.stat().st_size, limits)
    digests: dict[str, str] = {}
    destination.mkdir(mode=0o755)
    with reading():
        for entry, raw, stream in walk(path, limits):
            census.add(entry, raw)
            if stream is None:
                _make_directories(destination, entry.name)
            else:
                _make_directories(destination, entry.name.rpartition("/")[0])
                digests[entry.name] = _write(destination / entry.name, entry.executable, _read(stream, census, raw))
    return digests


def _write(path: Path, executable: bool, chunks: Iterator[bytes]) -> str:
    mode = 0o755 if executable else 0o644
    digest = hashlib.sha256()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(handle, "wb") as target:
        os.fchmod(handle, mode)
        for chunk in chunks:
            digest.update(chunk)
            target.write(chunk)
    return digest.hexdigest()


def _make_directories(top: Path, relative: str) -> None:
    parts: list[str] = [part for part in relative.split("/") if part]
    for depth in range(1, len(parts) + 1):
        folder = top.joinpath(*parts[:depth])
        if not folder.is_dir():
            folder.mkdir(mode=0o755)
            folder.chmod(0o755)
