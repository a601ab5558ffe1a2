"""Commands of the sandbox."""

from __future__ import annotations

from collections.abc import Callable

import click

from slipway.cli.map import Map, Section
from slipway.launch.checkout import BIN
from slipway.launch.start import become, ready

ACTIONS = {
    "up": "Start the sandbox, unless it runs.",
    "down": "Stop the sandbox and remove all that it made; its AWS account is lost.",
    "status": "Say what runs in the sandbox.",
}


def add_to(group: Map) -> None:
    """Add the commands to the program."""
    for action, text in ACTIONS.items():
        group.add(Section.SANDBOX, click.Command(f"sandbox-{action}", callback=_starter(action), help=text))


def _starter(action: str) -> Callable[[], None]:
    def call() -> None:
        if action == "up":
            ready([None, "docker"])
        become([str(BIN / "python"), "-m", "sandbox", action])

    return call
