"""Debian's and Ubuntu's packages, for what cannot be had otherwise."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Callable

#: Seconds to wait for another apt, such as the one that runs after a machine's first boot.
LOCK_SECONDS = 300


class AptError(Exception):
    """apt failed. The message is one sentence."""


def usable() -> bool:
    """Whether this process may install packages here."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None and _is_debian()


def install(packages: list[str], tell: Callable[[str], None]) -> None:
    """Install *packages*, handing each line of apt's output to *tell*. Raises AptError with apt's last line."""
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        command = ["apt-get", "-q", "-o", f"DPkg::Lock::Timeout={LOCK_SECONDS}", *arguments]
        last = "no message"
        with subprocess.Popen(
            command,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as running:
            for line in running.stdout or ():
                last = line.strip() or last
                tell(last)
        if running.returncode != 0:
            raise AptError(f"apt-get {arguments[0]} failed: {last}")


def _is_debian() -> bool:
    release = platform.freedesktop_os_release()
    return bool({"debian", "ubuntu"} & {release.get("ID", ""), *release.get("ID_LIKE", "").split()})
