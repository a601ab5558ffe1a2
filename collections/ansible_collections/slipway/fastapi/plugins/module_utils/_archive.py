"""Judges an archive whole before the first byte of it is written, then unpacks exactly what was judged.

What zip and tar files can do to whoever unpacks them is old and documented: names that leave the directory (CWE-22),
links that redirect later names (CWE-59), sizes that explode (CWE-409), two entries of one name of which readers pick
different ones. Extractors rewrite or follow these silently, so nothing here relies on one: names are judged as they
stand in the archive.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import lzma
import os
import re
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Optional

CHUNK = 1 << 20
TAR_BLOCK = 512
LARGEST_TAR_HEADER = 1 << 20
"""Bytes of one extended header: Python's reader takes all of it into memory."""
RATIO_FLOOR = 16 << 20
"""Below this many unpacked bytes any ratio is harmless, and small files of spaces do reach high ones."""
LONGEST_PART = 255
"""Bytes of one name on Linux file systems."""

_HEADER_TYPES = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    ValueError,
    NotImplementedError,
)
"""What Python's readers raise on bytes that are not what they should be."""


class ArchiveError(Exception):
    """The archive is refused; the text names the entry and the fix."""


@dataclass(frozen=True)
class Limits:
    """How large an archive may become."""

    entries: int = 20_000
    unpacked: int = 1 << 30
    """Bytes of all files together."""
    ratio: int = 200
    """Unpacked bytes for each byte of the archive."""


@dataclass(frozen=True)
class Entry:
    """A file or a directory of the archive, under the name that it gets on the disk."""

    name: str
    directory: bool
    executable: bool


@dataclass
class Contents:
    """What an archive holds."""

    files: set[str] = field(default_factory=set)
    directories: set[str] = field(default_factory=set)
    size: int = 0
    """Bytes of all files together."""


def show(name: str) -> str:
    """An entry's name for a message: on one line, printable, of bounded length."""
    text = ascii(name)
    return text if len(text) <= 120 else text[:117] + "...'"


def clean_name(raw: str) -> str:
    """The relative path that an entry's name stands for, without `.` and doubled slashes; "" is the top itself.

    Raises:
        ArchiveError: the name could mean another place, or another thing to another reader.
    """
    if not raw or any(ord(letter) < 32 or ord(letter) == 127 for letter in raw):
        raise ArchiveError(
            f"the entry {show(raw)} has an empty name or a control character in it: rename that file and publish again"
        )
    try:
        raw.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ArchiveError(
            f"the name of the entry {show(raw)} is not UTF-8: rename that file and publish again"
        ) from error
    if "\\" in raw:
        raise ArchiveError(
            f"the entry {show(raw)} has a backslash in its name: "
            "make the archive with a tool that writes forward slashes"
        )
    if raw.startswith("/") or re.match(r"[A-Za-z]:/", raw):
        raise ArchiveError(
            f"the entry {show(raw)} has an absolute path: make the archive from inside the application's directory"
        )
    parts = [part for part in raw.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ArchiveError(
            f"the entry {show(raw)} points outside with '..': make the archive from inside the application's directory"
        )
    if any(len(part.encode("utf-8")) > LONGEST_PART for part in parts):
        raise ArchiveError(
            f"the entry {show(raw)} has a name of more than {LONGEST_PART} bytes: shorten it and publish again"
        )
    return "/".join(parts)


class _Census:
    """Counts entries and bytes against the limits, and notices names that would meet on the disk."""

    def __init__(self, packed: int, limits: Limits) -> None:
        self.contents = Contents()
        self._packed = max(packed, 1)
        self._limits = limits
        self._seen: dict[str, str] = {}
        self._entries = 0

    def add(self, entry: Entry, raw: str) -> None:
        self._entries += 1
        if self._entries > self._limits.entries:
            raise ArchiveError(
                f"the archive has more than {self._limits.entries} entries, the entry {show(raw)} is one too many: "
                "leave out what the service does not need (node_modules, data), or raise max_entries"
            )
        if not entry.name:
            return
        if entry.name in self.contents.files or (not entry.directory and entry.name in self.contents.directories):
            raise ArchiveError(
                f"the entry {show(raw)} is there more than once: make the archive again, with each file once"
            )
        parts = entry.name.split("/")
        for depth in range(1, len(parts) + 1):
            self._add_path("/".join(parts[:depth]), raw)
        for depth in range(1, len(parts)):
            self._add_directory("/".join(parts[:depth]), raw)
        if entry.directory:
            self._add_directory(entry.name, raw)
        else:
            self.contents.files.add(entry.name)

    def _add_path(self, path: str, raw: str) -> None:
        folded = unicodedata.normalize("NFC", path).casefold()
        other = self._seen.setdefault(folded, path)
        if other != path:
            raise ArchiveError(
                f"the entry {show(raw)} differs from {show(other)} only in case or in how accents are written: "
                "rename one of them"
            )

    def _add_directory(self, path: str, raw: str) -> None:
        if path in self.contents.files:
            raise ArchiveError(
                f"the entry {show(raw)} needs {show(path)} to be a directory, which is a file too: rename one of them"
            )
        self.contents.directories.add(path)

    def grow(self, size: int, raw: str) -> None:
        self.contents.size += size
        total = self.contents.size
        if total > self._limits.unpacked:
            raise ArchiveError(
                f"the archive unpacks to more than {self._limits.unpacked >> 20} MiB at the entry {show(raw)}: "
                "leave out what the service does not need, or raise max_unpacked_mb"
            )
        if total > RATIO_FLOOR and total > self._packed * self._limits.ratio:
            raise ArchiveError(
                f"the archive unpacks to more than {self._limits.ratio} times its size at the entry {show(raw)}, "
                "as a bomb does: leave that file out, or raise max_ratio"
            )


_Walked = tuple[Entry, str, Optional[IO[bytes]]]


def _refuse_kind(raw: str, kind: str) -> ArchiveError:
    return ArchiveError(f"the entry {show(raw)} is a {kind}: put a regular file in its place and publish again")


def _walk_zip(path: Path) -> Iterator[_Walked]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            raw = info.orig_filename
            if info.flag_bits & 0x1:
                raise ArchiveError(f"the entry {show(raw)} is encrypted: make the archive without a password")
            mode = info.external_attr >> 16
            kind = stat.S_IFMT(mode)
            if kind == stat.S_IFLNK:
                raise _refuse_kind(raw, "symbolic link")
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _refuse_kind(raw, "device, socket or pipe")
            entry = Entry(clean_name(raw), raw.endswith("/"), bool(mode & 0o100))
            if entry.directory:
                yield entry, raw, None
                continue
            with archive.open(info) as stream:
                yield entry, raw, stream


def _check_tar_headers(stream: IO[bytes]) -> None:
    """Refuses what Python's reader would load whole or glue together: giant headers and sparse files."""
    while True:
        block = stream.read(TAR_BLOCK)
        if len(block) < TAR_BLOCK:
            raise EOFError("it ends without an end mark")
        if block.count(0) == TAR_BLOCK:
            return
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        if info.type in _HEADER_TYPES and info.size > LARGEST_TAR_HEADER:
            raise ArchiveError(
                f"the archive has an extended header of {info.size} bytes at {show(info.name)}: make it with plain tar"
            )
        if info.type == tarfile.GNUTYPE_SPARSE:
            raise _refuse_kind(info.name, "sparse file")
        left = (max(info.size, 0) + TAR_BLOCK - 1) // TAR_BLOCK * TAR_BLOCK
        while left > 0:
            skipped = len(stream.read(min(left, CHUNK)))
            if not skipped:
                raise EOFError("it ends in the middle of an entry")
            left -= skipped


class _Bounded:
    """A stream that refuses to give more than the limits allow, whatever the bytes are: a bomb can sit in padding."""

    def __init__(self, stream: IO[bytes], packed: int, limits: Limits) -> None:
        self._stream = stream
        # Headers and padding come on top of the files' own bytes.
        overhead = limits.entries * 4 * TAR_BLOCK
        by_ratio = max(packed * limits.ratio, RATIO_FLOOR)
        self._left = min(limits.unpacked, by_ratio) + overhead
        self._limits = limits

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise ArchiveError(
                f"the archive unpacks to more than {self._limits.unpacked >> 20} MiB or {self._limits.ratio} times "
                "its size, as bombs do: leave out what the service does not need, or raise max_unpacked_mb or max_ratio"
            )
        return data


def _open_tar(path: Path) -> IO[bytes]:
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else path.open("rb")  # type: ignore[return-value]


def _walk_tar(path: Path, limits: Limits) -> Iterator[_Walked]:
    size = path.stat().st_size
    with _open_tar(path) as stream:
        _check_tar_headers(_Bounded(stream, size, limits))  # type: ignore[arg-type]
    with _open_tar(path) as stream:
        bounded = _Bounded(stream, size, limits)
        with tarfile.open(fileobj=bounded, mode="r|") as archive:  # type: ignore[call-overload]
            for info in archive:
                raw = info.name
                if info.issym() or info.islnk():
                    raise _refuse_kind(raw, "link")
                if info.issparse():
                    raise _refuse_kind(raw, "sparse file")
                if not (info.isreg() or info.isdir()):
                    raise _refuse_kind(raw, "device, socket or pipe")
                entry = Entry(clean_name(raw), info.isdir(), bool(info.mode & 0o100))
                yield entry, raw, archive.extractfile(info) if info.isreg() else None
        # gzip's own checksum stands at the end, behind the padding.
        while bounded.read(CHUNK):
            pass


def _walk(path: Path, limits: Limits) -> Iterator[_Walked]:
    """The entries in the archive's order, each with a stream that is valid until the next one is asked for."""
    if zipfile.is_zipfile(path):
        yield from _walk_zip(path)
    elif _is_tar(path):
        yield from _walk_tar(path, limits)
    else:
        raise ArchiveError(
            "the artifact is neither a zip nor a tar(.gz) archive, or it is cut off: make it again and publish it"
        )


@contextmanager
def _reading() -> Iterator[None]:
    """Turns what Python's readers raise on bad bytes into a refusal."""
    try:
        yield
    except OSError as error:
        # Decompressors report bad data so, without a number; a disk that fails has one.
        if error.errno not in (None, errno.EINVAL):
            raise
        raise _damaged(error) from error
    except _DAMAGE as error:
        raise _damaged(error) from error


def _damaged(error: Exception) -> ArchiveError:
    reason = str(error) or type(error).__name__
    return ArchiveError(f"the archive is damaged ({ascii(reason)[1:-1]}): make it again and publish it")


def _is_tar(path: Path) -> bool:
    with _open_tar(path) as stream:
        try:
            block = stream.read(TAR_BLOCK)
            tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except (OSError, *_DAMAGE):
            return False
    return True


def _read(stream: IO[bytes], census: _Census, raw: str) -> Iterator[bytes]:
    while True:
        chunk = stream.read(CHUNK)
        if not chunk:
            return
        census.grow(len(chunk), raw)
        yield chunk


def inspect(path: Path, limits: Limits) -> Contents:
    """Reads the whole archive, checksums included, and writes nothing.

    Raises:
        ArchiveError: it must not, or cannot, be unpacked.
    """
    census = _Census(path.stat().st_size, limits)
    with _reading():
        for entry, raw, stream in _walk(path, limits):
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
    census = _Census(path.stat().st_size, limits)
    digests: dict[str, str] = {}
    destination.mkdir(mode=0o755)
    with _reading():
        for entry, raw, stream in _walk(path, limits):
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
