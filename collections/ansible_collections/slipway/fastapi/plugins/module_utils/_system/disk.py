"""What is said when the file system of a host refuses something: it is full, read-only or broken."""

from __future__ import annotations

import errno

_FIXES = {
    errno.ENOSPC: "Free some space (df -h) or some files (df -i)",
    errno.EDQUOT: "Free some space, or raise the quota",
    errno.EROFS: "Find out why the file system is read-only (dmesg)",
    errno.EIO: "Find out what is wrong with the disk (dmesg)",
}


def message(error: OSError, state: str) -> str:
    """One message: what was refused and where, what holds now, and the fix.

    Args:
        error: what happened. One without a number has a text that says it all.
        state: sentences about what serves now and what was changed.
    """
    if error.errno is None:
        return f"{error}. {state}"
    where = f" ({error.filename})" if error.filename else ""
    fix = _FIXES.get(error.errno, "Mend that")
    return f"The host could not write or read a file: {error.strerror}{where}. {state} {fix}, then run this again"
