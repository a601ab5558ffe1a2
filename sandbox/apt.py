"""Installs packages with apt, on Debian and Ubuntu."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Callable

#: Seconds to wait for another apt, such as the one that runs after the first boot.
LOCK_SECONDS = 300


class AptError(Exception):
    """apt failed. The message is one sentence."""


def usable() -> bool:
    """Whether this process can install packages with apt."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None and _is_debian()


def install(packages: list[str], progress: Callable[[str], None]) -> None:
    """Install *packages*, handing each line of apt's output to *progress*. Raises AptError with apt's last line."""
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
                progress(last)
        if running.returncode != 0:
            raise AptError(f"apt-get {arguments[0]} failed: {last}")


def _is_debian() -> bool:
    release = platform.freedesktop_os_release()
    return bool({"debian", "ubuntu"} & {release.get("ID", ""), *release.get("ID_LIKE", "").split()})
