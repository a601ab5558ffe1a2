"""Packs an application's directory into an archive that depends on nothing but its content.

Entries are sorted, times and modes are fixed, and nothing is compressed: the output of zlib differs between its
versions and forks, and one directory has to give one digest on every machine.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
import stat
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ansible_collections.slipway.fastapi.plugins.module_utils._application import Application, ApplicationError
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.archive_entries import DEEPEST, LONGEST_PATH

LEFT_OUT = (
    ".env",
    ".env.*",
    ".git",
    ".hg",
    ".svn",
    ".venv",
    "venv",
    "__pycache__",
    "*.pyc",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".tox",
    ".nox",
    ".idea",
    ".vscode",
    ".DS_Store",
    "node_modules",
    ".terraform",
)
"""Names that never belong to a release, at any depth.

A service's environment comes from the parameter store, so `.env` is one.
"""

_KEPT = (".env.example", ".env.sample", ".env.template")
_SECRET_NAMES = (
    "*.env",
    "id_rsa",
    "id_ecdsa",
    "id_ed25519",
    "*.key",
    "*.p12",
    "*.pfx",
    ".netrc",
    ".pypirc",
    ".aws",
    "*.tfstate",
    "*.tfvars",
)
_MOVE_AWAY = "move it away or exclude it (secrets go to the parameter store: make env-push)"
_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip archive can hold."""
_UNIX = 3
_HEAD = 64 * 1024


class PackageError(Exception):
    """The directory cannot be packed; the text says why and what to do."""


@dataclass(frozen=True)
class Contents:
    """What goes into an archive and what does not, as paths relative to the directory, sorted."""

    files: tuple[str, ...]
    left_out: tuple[str, ...]


def scan(directory: Path, application: str, exclude: Sequence[str] = ()) -> Contents:
    """Decide what is packed. `exclude` has shell patterns for names or for relative paths.

    Raises PackageError for what must not be in an artifact (links, secrets), when `application` (`MODULE:NAME`) is not
    in it, and for a directory without files. An empty `application` stands for files of which nothing is started.
    """
    if not directory.is_dir():
        raise PackageError(f"{directory} is no directory; name the one that holds the application")
    files: list[str] = []
    left_out: list[str] = []
    for relative, packed in _walk(directory, "", (*LEFT_OUT, *exclude)):
        (files if packed else left_out).append(relative)
    if application:
        _require_application(directory, application, files)
    elif not files:
        raise PackageError(f"{directory} has no file that could be published; name the one with the files")
    return Contents(tuple(sorted(files)), tuple(sorted(left_out)))


def write(directory: Path, files: Sequence[str], target: BinaryIO) -> str:
    """Write the archive of `files` to `target` and return its SHA-256."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for relative in files:
            source = directory / relative
            entry = zipfile.ZipInfo(relative, _TIME)
            entry.create_system = _UNIX
            entry.external_attr = (stat.S_IFREG | (0o755 if source.stat().st_mode & stat.S_IXUSR else 0o644)) << 16
            archive.writestr(entry, source.read_bytes())
    digest = hashlib.sha256()
    target.seek(0)
    for chunk in iter(lambda: target.read(_HEAD), b""):
        digest.update(chunk)
    return digest.hexdigest()


def _walk(directory: Path, prefix: str, patterns: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Yield (relative path, whether it is packed); a folder that is left out is yielded once, with a slash."""
    for entry in os.scandir(directory / prefix):
        relative = f"{prefix}{entry.name}"
        is_folder = entry.is_dir(follow_symlinks=False)
        if _matches(relative, entry.name, patterns) and entry.name not in _KEPT:
            yield (f"{relative}/" if is_folder else relative), False
            continue
        _refuse(entry, relative)
        if is_folder:
            yield from _walk(directory, f"{relative}/", patterns)
        else:
            yield relative, True


def _refuse(entry: os.DirEntry[str], relative: str) -> None:
    """Raise PackageError for what may not be in an artifact."""
    if not relative.isprintable() or "\\" in relative or not _is_text(relative):
        raise PackageError(f"{relative!r} has a character that archives do not carry safely; rename it")
    if len(relative.encode("utf-8")) > LONGEST_PATH or relative.count("/") >= DEEPEST:
        raise PackageError(
            f"{relative[:80]}… is a path of more than {LONGEST_PATH} bytes or {DEEPEST} levels, which hosts refuse; "
            "move it up, or exclude the folder"
        )
    if entry.is_symlink():
        raise PackageError(f"{relative} is a link, which hosts refuse; replace it by what it points to, or exclude it")
    if _matches(relative, entry.name, _SECRET_NAMES):
        raise PackageError(f"{relative} looks like a secret; {_MOVE_AWAY}")
    if entry.is_dir(follow_symlinks=False):
        return
    if not entry.is_file(follow_symlinks=False):
        raise PackageError(f"{relative} is neither a file nor a folder; remove or exclude it")
    try:
        with Path(entry.path).open("rb") as stream:
            beginning = stream.read(_HEAD)
    except OSError as error:
        raise PackageError(f"{relative} cannot be read: {error.strerror}") from error
    if _PRIVATE_KEY.search(beginning):
        raise PackageError(f"{relative} holds a private key; {_MOVE_AWAY}")


def _require_application(directory: Path, application: str, files: Sequence[str]) -> None:
    try:
        found = Application.parse(application)
    except ApplicationError as error:
        raise PackageError(str(error)) from None
    path = found.module.replace(".", "/")
    candidates = (f"{path}.py", f"{path}/__init__.py")
    present = [candidate for candidate in candidates if candidate in files]
    if not present:
        raise PackageError(
            f"{directory} has no {candidates[0]}, which {application} needs; "
            "name the directory that holds it, or what runs instead "
            "(make publish MODULE=package.module:app; for files without a service MODULE=none)"
        )
    if (directory / present[0]).stat().st_size == 0:
        raise PackageError(f"{directory / present[0]} is empty; {application} needs it to define {found.name}")


def left_out(path: str, exclude: Sequence[str] = ()) -> bool:
    """Whether a file at this relative path is left out, by its own name or by that of a folder above it."""
    parts = path.split("/")
    tops = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
    patterns = (*LEFT_OUT, *exclude)
    return any(_matches(top, name, patterns) and name not in _KEPT for top, name in zip(tops, parts))  # noqa: B905


def _matches(relative: str, name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(relative, pattern) for pattern in patterns)


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
