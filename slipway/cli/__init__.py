"""The program's commands, their options and their help. What a command does is imported when it is called."""

from __future__ import annotations

from slipway.cli import environment, house, look, playbooks, sandbox, tests
from slipway.cli.map import Map

NAME = "slipway"


def program() -> Map:
    """The program with all commands."""
    group = Map(NAME)
    for part in (environment, playbooks, look, sandbox, tests, house):
        part.add_to(group)
    return group


def main() -> None:
    """Run what the command line names."""
    program()(prog_name=NAME)
