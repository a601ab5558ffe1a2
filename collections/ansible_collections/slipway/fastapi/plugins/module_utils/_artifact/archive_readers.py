"""Python's readers of zip and tar files, kept from taking more memory than an archive of the allowed size needs."""

from __future__ import annotations

import errno
import gzip
import io
import lzma
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Optional

from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.archive_entries import (
    RATIO_FLOOR,
    ArchiveError,
    Entry,
    Limits,
    clean_name,
    show,
    too_many,
)

CHUNK = 1 << 20


TAR_BLOCK = 512
LARGEST_TAR_HEADER = 64 << 10
"""Bytes of one extended header, and of all global ones together: Python's reader keeps them in memory."""
MOST_TAR_HEADERS = 8
"""Extended headers of one entry: Python's reader calls itself for each. Tools write two at most."""
DIRECTORY_ENTRY = 512
"""Bytes that a zip archive's directory may have for each entry that is allowed, name and extra fields included."""
SMALLEST_DIRECTORY = 1 << 20
"""Bytes that a zip archive's directory may have however few entries are allowed."""
LONGEST_END = (64 << 10) + 22
"""Bytes that the record at the end of a zip archive can have with its comment (APPNOTE.TXT, 4.3.16)."""
CENTRAL_ENTRY = b"PK\x01\x02"
"""What each entry of a zip archive's directory starts with (APPNOTE.TXT, 4.3.12)."""
_REDEFINES = re.compile(rb"(?:\A|\n)[0-9]+ (?:size|GNU\.sparse\.[^=\n]*)=")
"""Records of an extended header (POSIX, pax) that overrule the entry's own size."""
_Walked = tuple[Entry, str, Optional[IO[bytes]]]

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
    RecursionError,
)
"""What Python's readers raise on bytes that are not what they should be."""


def _refuse_kind(raw: str, kind: str) -> ArchiveError:
    return ArchiveError(f"the entry {show(raw)} is a {kind}: put a regular file in its place and publish again")


class _Directory(io.FileIO):
    """A zip file which refuses to give a directory that is larger than the limits need.

    Python's reader takes the whole directory into memory, and makes an object for each of its entries, before it gives
    the first one. It believes the size that the record at the end states (APPNOTE.TXT, 4.3.16; 4.3.14 for zip64) and
    ignores the stated count. So what the reader asks for is judged here, and not a record that it may read otherwise.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        super().__init__(path)
        self.being_opened = True
        self._limits = limits

    def read(self, size: int | None = -1, /) -> bytes:
        """Raises ArchiveError while the directory is read, if it is too large."""
        if not self.being_opened:
            return super().read(-1 if size is None else size) or b""
        largest = max(self._limits.entries * DIRECTORY_ENTRY, SMALLEST_DIRECTORY)
        if size is not None and size > largest:
            raise too_many(self._limits, f"its directory of {size} bytes is larger than {largest}")
        data = super().read(-1 if size is None else size) or b""
        # The search for the record at the end also reads files' bytes, of which a wheel may be one.
        count = data.count(CENTRAL_ENTRY) if len(data) > LONGEST_END else 0
        if count > self._limits.entries:
            raise too_many(self._limits, f"its directory has {count}")
        return data


def _walk_zip(path: Path, limits: Limits) -> Iterator[_Walked]:
    with _Directory(path, limits) as source, zipfile.ZipFile(source) as archive:
        source.being_opened = False
        for info in archive.infolist():
            raw = info.orig_filename
            if info.flag_bits & 0x1:
                raise ArchiveError(f"the entry {show(raw)} is encrypted: make the archive without a password")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                # LZMA's reader takes as much memory as the archive says, up to 4 GiB.
                raise ArchiveError(
                    f"the entry {show(raw)} is compressed by method {info.compress_type}: "
                    "make the archive with the method deflate, which is the default of zip"
                )
            mode = info.external_attr >> 16
            kind = stat.S_IFMT(mode)
            if kind == stat.S_IFLNK:
                raise _refuse_kind(raw, "symbolic link")
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _refuse_kind(raw, "device, socket or pipe")
            entry = Entry(clean_name(raw), raw.endswith("/") or kind == stat.S_IFDIR, bool(mode & 0o100))
            if entry.directory:
                yield entry, raw, None
                continue
            with archive.open(info) as stream:
                yield entry, raw, stream


def _check_tar_headers(stream: IO[bytes]) -> int:
    """Refuse what Python's reader would load whole, glue together or read otherwise; return the number of entries."""
    entries = chained = shared = 0
    while True:
        block = stream.read(TAR_BLOCK)
        if len(block) < TAR_BLOCK:
            raise EOFError("it ends without an end mark")
        if block.count(0) == TAR_BLOCK:
            return entries
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        if info.type == tarfile.GNUTYPE_SPARSE:
            raise _refuse_kind(info.name, "sparse file")
        if info.type not in _HEADER_TYPES:
            if info.size and not info.isreg():
                raise ValueError("an entry that is no file has content")
            entries, chained = entries + 1, 0
            _skip(stream, info.size)
            continue
        chained += 1
        shared += info.size if info.type == tarfile.XGLTYPE else 0
        if max(info.size, shared) > LARGEST_TAR_HEADER or chained > MOST_TAR_HEADERS:
            raise ArchiveError(
                f"the archive has {chained} extended headers with {max(info.size, shared)} bytes at {show(info.name)}: "
                "make it with plain tar"
            )
        content = _skip(stream, info.size)
        if _REDEFINES.search(content):
            raise ArchiveError(
                f"the archive has an extended header that changes a size at {show(info.name)}, as for a sparse file: "
                "make it with plain tar"
            )


def _skip(stream: IO[bytes], size: int) -> bytes:
    """Read an entry's content and its padding, and return the beginning of it."""
    left = (max(size, 0) + TAR_BLOCK - 1) // TAR_BLOCK * TAR_BLOCK
    beginning = b""
    while left > 0:
        data = stream.read(min(left, CHUNK))
        if not data:
            raise EOFError("it ends in the middle of an entry")
        beginning = beginning or data
        left -= len(data)
    return beginning


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
        left = _check_tar_headers(_Bounded(stream, size, limits))  # type: ignore[arg-type]
    with _open_tar(path) as stream:
        bounded = _Bounded(stream, size, limits)
        with tarfile.open(fileobj=bounded, mode="r|") as archive:  # type: ignore[call-overload]
            while (info := archive.next()) is not None:
                left -= 1
                # Python's reader keeps every entry with its extended headers.
                archive.members.clear()
                raw = info.name
                if info.issym() or info.islnk():
                    raise _refuse_kind(raw, "link")
                if info.issparse():
                    raise _refuse_kind(raw, "sparse file")
                if not (info.isreg() or info.isdir()):
                    raise _refuse_kind(raw, "device, socket or pipe")
                entry = Entry(clean_name(raw), info.isdir(), bool(info.mode & 0o100))
                yield entry, raw, archive.extractfile(info) if info.isreg() else None
        if left:
            raise ValueError("its headers can be read in two ways")
        # gzip's own checksum stands at the end, behind the padding.
        while bounded.read(CHUNK):
            pass


def walk(path: Path, limits: Limits) -> Iterator[_Walked]:
    """The entries in the archive's order, each with a stream that is valid until the next one is asked for."""
    if zipfile.is_zipfile(path):
        yield from _walk_zip(path, limits)
    elif _is_tar(path):
        yield from _walk_tar(path, limits)
    else:
        raise ArchiveError(
            "the artifact is neither a zip nor a tar(.gz) archive, or it is cut off: make it again and publish it"
        )


@contextmanager
def reading() -> Iterator[None]:
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
