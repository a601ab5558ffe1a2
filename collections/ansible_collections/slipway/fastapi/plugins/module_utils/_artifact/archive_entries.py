"""What an archive holds: the names of its entries, and the limits that they are counted against."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

RATIO_FLOOR = 16 << 20
"""Below this many unpacked bytes any ratio is harmless, and small files of spaces do reach high ones."""
LONGEST_PART = 255
"""Bytes of one name on Linux file systems (limits.h, NAME_MAX)."""
LONGEST_PATH = 1024
"""Bytes of a path. Linux takes 4,096 (limits.h, PATH_MAX), of which the release's own directory is a part."""
DEEPEST = 64
"""Levels of a path. Each level of each entry costs memory, and trees of real applications have about ten."""


class ArchiveError(Exception):
    """The archive is refused; the text names the entry and the fix."""


@dataclass(frozen=True)
class Limits:
    """How large an archive may become."""

    entries: int = 20_000
    """Files and directories, also those directories that only the names of files need."""
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
    # Before anything is made of the name: a name of 64 KiB can have 16,000 levels.
    if len(raw.encode("utf-8")) > LONGEST_PATH:
        raise ArchiveError(
            f"the entry {show(raw)} has a path of more than {LONGEST_PATH} bytes: shorten it and publish again"
        )
    parts = [part for part in raw.split("/") if part not in ("", ".")]
    if len(parts) > DEEPEST:
        raise ArchiveError(f"the entry {show(raw)} is more than {DEEPEST} levels deep: move it up and publish again")
    if ".." in parts:
        raise ArchiveError(
            f"the entry {show(raw)} points outside with '..': make the archive from inside the application's directory"
        )
    if any(len(part.encode("utf-8")) > LONGEST_PART for part in parts):
        raise ArchiveError(
            f"the entry {show(raw)} has a name of more than {LONGEST_PART} bytes: shorten it and publish again"
        )
    return "/".join(parts)


def too_many(limits: Limits, why: str) -> ArchiveError:
    """The refusal of an archive with more entries than the limits allow."""
    return ArchiveError(
        f"the archive has more than {limits.entries} entries, {why}: "
        "leave out what the service does not need (node_modules, data), or raise max_entries"
    )


class Census:
    """Counts what will be on the disk against the limits, and notices names that would meet there."""

    def __init__(self, packed: int, limits: Limits) -> None:
        self.contents = Contents()
        self._packed = max(packed, 1)
        self._limits = limits
        self._seen: dict[str, str] = {}
        self._entries = 0

    def add(self, entry: Entry, raw: str) -> None:
        """Count an entry and the directories that it needs. Raises ArchiveError."""
        self._entries += 1
        if not entry.directory and raw.rpartition("/")[2] in ("", "."):
            raise ArchiveError(
                f"the entry {show(raw)} is a file with the name of a directory, which some readers make of it: "
                "rename it and publish again"
            )
        self._check_count(raw)
        if not entry.name:
            return
        if entry.name in self.contents.files or (not entry.directory and entry.name in self.contents.directories):
            raise ArchiveError(
                f"the entry {show(raw)} is there more than once: make the archive again, with each file once"
            )
        self._check_alike(entry.name, raw)
        if entry.directory:
            self._add_directories(entry.name, raw)
        else:
            self._add_directories(entry.name.rpartition("/")[0], raw)
            self.contents.files.add(entry.name)
        self._check_count(raw)

    def _check_count(self, raw: str) -> None:
        # Directories without an entry of their own are made too, and an entry may be there many times.
        on_disk = len(self.contents.files) + len(self.contents.directories)
        if max(self._entries, on_disk) > self._limits.entries:
            raise too_many(self._limits, f"the entry {show(raw)} is one too many")

    def _add_directories(self, path: str, raw: str) -> None:
        """Add a directory and those above it, from below: above a known one all are known."""
        while path and path not in self.contents.directories:
            if path in self.contents.files:
                raise ArchiveError(
                    f"the entry {show(raw)} needs {show(path)} to be a directory, which is a file too: "
                    "rename one of them"
                )
            self._check_alike(path, raw)
            self.contents.directories.add(path)
            path = path.rpartition("/")[0]

    def _check_alike(self, path: str, raw: str) -> None:
        folded = unicodedata.normalize("NFC", path).casefold()
        other = self._seen.setdefault(folded, path)
        if other != path:
            raise ArchiveError(
                f"the entry {show(raw)} differs from {show(other)} only in case or in how accents are written: "
                "rename one of them"
            )

    def grow(self, size: int, raw: str) -> None:
        """Count bytes of an entry. Raises ArchiveError."""
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
