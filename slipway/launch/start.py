"""Makes the checkout ready for a command and becomes the command's program."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import NoReturn

from slipway.launch import steps
from slipway.launch.checkout import ROOT
from slipway.launch.commands import COMMANDS, GOALS
from slipway.launch.request import GIVEN, PREFIX, Request, RequestError

REFUSED = 2
"""The exit code for a request that is refused; make ends with 2 in any case."""


def start(name: str, request: Request) -> NoReturn:
    """Become the program of a command; exit with another code where the request or the checkout does not allow it."""
    command = COMMANDS[name]
    try:
        argv = command.build(request)
        needed = command.steps(request)
    except RequestError as error:
        print(error, file=sys.stderr)
        sys.exit(REFUSED)
    ready(needed)
    become(argv)


def ready(needed: Iterable[str | None]) -> None:
    """Make the checkout ready by these steps, or exit with the code of the one that fails."""
    for step in needed:
        if code := steps.run(step):
            sys.exit(code)


def become(argv: list[str]) -> NoReturn:
    """Run the program in place of this one, in the checkout, so that signals and the exit code are its own."""
    kept = {key: value for key, value in os.environ.items() if key not in (GIVEN, GOALS) and not key.startswith(PREFIX)}
    os.chdir(ROOT)
    os.execve(argv[0], argv, {**kept, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")})  # noqa: S606 - no shell is used
