"""Taking over what another account has made, without following anything that this account can change.

A folder is taken before it is listed. From then on the account can neither add nor rename what is in it, whatever it
holds open, so each name stands still while it is judged. Folders and files are opened by name below the descriptor of
their folder, and never through a link (openat(2), O_NOFOLLOW).

Only the standard library is used, and Python 3.9 is enough.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

MAX_DEPTH = 64
"""Levels of folders. A virtual environment has less than twenty; each level holds a descriptor open."""
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


class TreeError(Exception):
    """The tree holds what must not become ours; the text says what."""


def take_back(top: Path) -> None:
    """Make whoever runs this the owner of a directory and of everything in it, and nobody else able to write there.

    The directory that holds `top` must be one that no other account can change, and no process of the account that made
    the tree may run any more: one that holds a file open could go on writing to it.

    Raises:
        TreeError: `top` is no directory, or there is a file with another name elsewhere, a device, a pipe or a socket
            in it, or more than MAX_DEPTH levels of folders.
    """
    try:
        handle = os.open(top, _READ | os.O_DIRECTORY)
    except NotADirectoryError:
        raise TreeError(f"{top} is no directory but a link or a file") from None
    try:
        _take_folder(handle, top, 0)
    finally:
        os.close(handle)


def give(folder: Path, uid: int, gid: int) -> None:
    """Make sure that a directory is there and is an account's alone. The one that holds it must be the caller's."""
    folder.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(folder, _READ | os.O_DIRECTORY)
    try:
        os.fchown(handle, uid, gid)
        os.fchmod(handle, 0o700)
    finally:
        os.close(handle)


def require_folder(path: Path) -> None:
    """Raise TreeError where a path is anything but a directory, a link to one included."""
    if not path.is_dir() or path.is_symlink():
        raise TreeError(f"{path} is no directory but a link or a file")


def leads_outside(top: Path, link: Path) -> bool:
    """Whether a link below `top` leads out of it, other than to the interpreter of a virtual environment.

    That is a link named as one, such as venv/bin/python3, to a program of root's or of the tree's owner.
    """
    target, inside = os.path.realpath(link), os.path.realpath(top)
    if os.path.commonpath((target, inside)) == inside:
        return False
    try:
        status = Path(target).stat()
    except OSError:
        return True
    program = stat.S_ISREG(status.st_mode) and status.st_mode & stat.S_IXUSR and not status.st_mode & stat.S_IWOTH
    trusted = status.st_uid in (0, top.lstat().st_uid)
    return not (link.name.startswith("python") and program and trusted)


def _take_folder(handle: int, path: Path, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise TreeError(f"{path} is more than {MAX_DEPTH} folders deep")
    _take(handle)
    with os.scandir(handle) as entries:
        names = [entry.name for entry in entries]
    for name in names:
        kind = os.lstat(name, dir_fd=handle).st_mode
        if stat.S_ISLNK(kind):
            os.chown(name, os.geteuid(), os.getegid(), dir_fd=handle, follow_symlinks=False)
        elif stat.S_ISDIR(kind) or stat.S_ISREG(kind):
            _take_entry(handle, name, path / name, depth)
        else:
            raise TreeError(f"{path / name} is neither a file nor a folder nor a link")


def _take_entry(folder: int, name: str, path: Path, depth: int) -> None:
    # Not to wait for the other end, were it a pipe after all.
    handle = os.open(name, _READ | os.O_NONBLOCK, dir_fd=folder)
    try:
        status = os.fstat(handle)
        if stat.S_ISDIR(status.st_mode):
            _take_folder(handle, path, depth + 1)
        elif not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            # Its other name may be another account's file, and would change with this one.
            raise TreeError(f"{path} has another name elsewhere (a hard link)")
        else:
            _take(handle)
    finally:
        os.close(handle)


def _take(handle: int) -> None:
    os.fchown(handle, os.geteuid(), os.getegid())
    os.fchmod(handle, os.fstat(handle).st_mode & 0o755)
