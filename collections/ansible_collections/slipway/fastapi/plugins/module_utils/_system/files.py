"""The few file operations whose order decides what a killed run leaves behind."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class BusyError(Exception):
    """Another run holds the lock."""


def read_link(link: Path) -> str | None:
    """The text of a symbolic link, or None where there is nothing of that name.

    Raises:
        FileExistsError: something else than a link has the name.
    """
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.EINVAL:
            raise FileExistsError(f"{link} is not a symbolic link: move it away and run again") from error
        raise


def replace_link(link: Path, target: str | None) -> None:
    """Points a symbolic link at a target in one step, so that it is never missing; None removes it."""
    if target is None:
        link.unlink(missing_ok=True)
        return
    beside = link.with_name(f".{link.name}.new")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.replace(link)


def write_file(path: Path, content: bytes, mode: int, uid: int = -1, gid: int = -1) -> None:
    """Replaces a file in one step; it never exists half written nor, for a moment, with a wider mode.

    Args:
        path: the file to write.
        content: all of it.
        mode: permission bits.
        uid: owner; -1 leaves the one who runs this.
        gid: group, likewise.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            os.fchown(stream.fileno(), uid, gid)
            os.fchmod(stream.fileno(), mode)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def remove_tree(path: Path) -> None:
    """Removes a directory with all that is in it; it need not exist."""
    if path.exists():
        shutil.rmtree(path)


def flush(path: Path) -> None:
    """Waits until everything on the file system of a path is on the disk: one call, however many files there are."""
    handle = os.open(path, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(handle) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(path))
    finally:
        os.close(handle)


def flush_names(folder: Path) -> None:
    """Waits until what a directory's files are called is on the disk, so that no renaming is lost with the power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def free_bytes(path: Path) -> int:
    """Bytes that are free on the file system where a path is or, if it does not exist yet, would be."""
    return shutil.disk_usage(_existing(path)).free


def free_inodes(path: Path) -> int | None:
    """How many files and directories fit on that file system; None where it makes inodes as needed, as btrfs does."""
    status = os.statvfs(_existing(path))
    return status.f_favail if status.f_files else None


@contextmanager
def locked(path: Path, patience: float) -> Iterator[int]:
    """Holds a lock file, and hands out its descriptor: a child that inherits it keeps the lock if this process dies.

    Args:
        path: the lock file; it stays.
        patience: seconds to wait for another holder.

    Raises:
        BusyError: somebody else held it all that time.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    raise BusyError(
                        f"another run has been working in {path.parent} for {patience:.0f} s: "
                        "wait until it has ended, then run again"
                    ) from error
                time.sleep(0.2)
        yield handle
    finally:
        os.close(handle)
