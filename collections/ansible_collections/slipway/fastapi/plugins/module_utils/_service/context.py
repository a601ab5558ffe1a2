"""Runs a command as the service would: with its account, release, environment and restrictions.

What the unit and its drop-ins say now is handed to systemd-run, so that this cannot allow more than the service has.
`make run` and `make shell` send this text to the host, so it imports no other file of ours: they call it with the
application's directory, the unit's name, `terminal` or `pipe`, and the words of the command, as root.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

OTHER_PURPOSE = (
    "Exec",
    "Restart",
    "Timeout",
    "Type",
    "Syslog",
    "Standard",
    "RemainAfterExit",
    "PIDFile",
    "KillMode",
    "Watchdog",
    # It would be the service's own, and the end of the command would remove it with the service's socket.
    "RuntimeDirectory",
)
"""How settings begin that say what the service runs and how it is kept running; the rest is what surrounds it."""
SLOTS = ("blue", "green")


def slot_of(directory: Path) -> str:
    """The slot that serves, as HAProxy's map says it; empty where nothing does."""
    try:
        lines = (directory / "haproxy.map").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((slot for slot in SLOTS if f"active {slot}" in lines), "")


def unit_files(unit: str) -> str:
    """A unit with its drop-ins as systemd has them; empty where there is none."""
    shown = subprocess.run(
        ["systemctl", "cat", f"{unit}.service"], capture_output=True, text=True, errors="surrogateescape", check=False
    )
    return "" if shown.returncode else shown.stdout


def settings(shown: str) -> list[str]:
    """The `Name=value` lines that surround a service, in their order, from what `systemctl cat` prints."""
    found = []
    section = ""
    for line in shown.replace("\\\n", " ").splitlines():
        text = line.strip()
        if text.startswith("["):
            section = text
        elif section == "[Service]" and "=" in text and not text.startswith(("#", ";", *OTHER_PURPOSE)):
            found.append(text)
    return found


def of_release(surroundings: Sequence[str], link: Path, release: Path) -> list[str]:
    """The same by the release's own path: a switch during a long command must not change what it imports.

    `link` is `current`, or the slot that a template unit knows as its instance (%i).
    """
    return [line.replace("%i", link.name).replace(f"{link}/", f"{release}/") for line in surroundings]


def python_of(release: Path) -> list[str]:
    """The variables by which a command finds the release's Python and programs first."""
    return [f"PATH={release}/venv/bin:/usr/local/bin:/usr/bin:/bin", f"VIRTUAL_ENV={release}/venv"]


def command_line(
    unit: str, release: Path, surroundings: Sequence[str], words: Sequence[str], *, terminal: bool
) -> list[str]:
    """The systemd-run command that runs `words` in the release's code, with its programs first in the path."""
    options = ["--quiet", "--wait", "--collect", "--service-type=exec", "--pty" if terminal else "--pipe"]
    return [
        *("systemd-run", *options, f"--unit={unit}-run-{os.getpid()}", f"--description=a command beside {unit}"),
        *(f"--property={line}" for line in surroundings),
        *(f"--setenv={variable}" for variable in python_of(release)),
        *([f"--setenv=TERM={os.environ['TERM']}"] if terminal and os.environ.get("TERM") else []),
        "--",
        # systemd would replace variables itself; the shell in the unit is the one to do it.
        *(word.replace("$", "$$") for word in words),
    ]


def main() -> None:
    """Entry point: DIRECTORY UNIT terminal|pipe WORD…"""
    directory, unit, way, words = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
    template = unit_files(f"{unit}@")
    link = directory / ((template and slot_of(directory)) or "current")
    try:
        release = link.resolve(strict=True)
    except OSError:
        sys.exit("There is no release on this host yet. Bring one with: make publish release")
    shown = template or unit_files(unit)
    if not shown:
        sys.exit(f"There is no {unit}.service on this host yet. Make it with: make configure release")
    argv = command_line(unit, release, of_release(settings(shown), link, release), words, terminal=way == "terminal")
    os.execvp(argv[0], argv)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
