"""Options that several commands have, and how they become a request.

An option has the name of make's variable, in small letters: `--app` is `APP=`.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import click

from slipway.cli.map import completed
from slipway.launch.request import Request, RequestError, blueprints, environments
from slipway.launch.start import REFUSED, start

Callback = Callable[..., Any]
Option = Callable[[Callback], Callback]

ENV: Option = click.option(
    "--env",
    metavar="ENVIRONMENT",
    shell_complete=completed(environments),
    help="Environment, a folder of inventories/. Default: sandbox.",
)
BLUEPRINT: Option = click.option(
    "--blueprint",
    metavar="NAME",
    shell_complete=completed(blueprints),
    help="Blueprint, a file of terraform/blueprints/. Default: location-content.",
)
APP: Option = click.option(
    "--app", metavar="FOLDER", help="Folder of the application; with --git a folder of the repository."
)
GIT: Option = click.option("--git", metavar="URL", help="Repository of the application; --commit names the commit.")
COMMIT: Option = click.option("--commit", metavar="SHA", help="Whole hash of a commit of --git.")
MODULE: Option = click.option(
    "--module", metavar="MODULE:NAME", help="What runs, such as app.main:app; `none` for mere files."
)
FILE: Option = click.option("--file", metavar="FILE", help="The .env file. Default: .env.")
MORE: Option = click.option(
    "--more", is_flag=True, flag_value="yes", default=None, help="The second parameter of the .env."
)
HOST: Option = click.option("--host", metavar="ID", help="Instance id; needed where there are several hosts.")
JSON: Option = click.option("--json", "as_json", is_flag=True, help="For programs.")
ANSIBLE: Option = click.argument("ansible", nargs=-1, metavar="[-- OPTIONS OF ANSIBLE-PLAYBOOK]")


def requested(given: Mapping[str, Any]) -> Request:
    """The request of a command's options, those that are given. Exits where one is no text."""
    values = {name.upper(): str(value) for name, value in given.items() if value is not None}
    try:
        return Request.of(values)
    except RequestError as error:
        refuse(error)


def started(name: str, given: Mapping[str, Any], arguments: tuple[str, ...] = ()) -> NoReturn:
    """Become the program of a command, as make does."""
    more = {"args": shlex.join(arguments)} if arguments else {}
    start(name, requested({**given, **more}))


def refuse(error: Exception) -> NoReturn:
    """Exit as for a request that is refused."""
    print(error, file=sys.stderr)
    sys.exit(REFUSED)
