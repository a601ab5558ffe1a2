"""The program's help: a map of what there is, with commands in sections."""

from __future__ import annotations

from enum import Enum
from typing import Any

import click

HELP = """Take a FastAPI service to AWS and keep it there.

Each command is a target of make as well: `slipway deploy --env dev --app ../svc` is `make deploy ENV=dev APP=../svc`.
Without --env, a command works in the sandbox, an AWS account in a box on this machine.
"""


LONGEST = 120
"""Letters of a command's line in the help; longer ones are cut."""
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


class Section(Enum):
    """A heading of the help, in this order."""

    FIRST = "First run"
    DEPLOY = "Deploy"
    SERVICE = "What the service gets"
    LOOK = "Look at what runs"
    HOSTS = "Hosts and cloud, step by step"
    SANDBOX = "The AWS account in a box"
    TESTS = "Tests"
    HOUSE = "This repository"


class Map(click.Group):
    """A group of commands whose help lists them by section."""

    def __init__(self, name: str) -> None:
        super().__init__(name, help=HELP, context_settings=SETTINGS)
        self._sections: dict[str, Section] = {}

    def add(self, section: Section, command: click.Command) -> None:
        """Add a command to a section."""
        self.add_command(command)
        self._sections[command.name or ""] = section

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the commands below the headings of their sections."""
        width = max(map(len, self.commands))
        for section in Section:
            rows = [
                (f"{name:{width}}", command.get_short_help_str(limit=LONGEST))
                for name, command in self.commands.items()
                if self._sections[name] is section
            ]
            if rows:
                with formatter.section(section.value):
                    formatter.write_dl(rows)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The commands' names, in the order of the help."""
        order = list(Section)
        return sorted(self.commands, key=lambda name: order.index(self._sections[name]))


def completed(find: Any) -> Any:
    """Shell completion from a function that returns all values."""

    def complete(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
        return [value for value in find() if value.startswith(begun)]

    return complete
