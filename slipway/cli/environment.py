"""`slipway env` and `slipway app`: the first run in an account, and with an application."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from slipway.cli.map import Map, Section
from slipway.cli.options import ENV, requested
from slipway.launch.commands import settled
from slipway.launch.request import RequestError
from slipway.launch.start import REFUSED, start

if TYPE_CHECKING:
    from slipway.environment.settle import Ask


@click.command("env")
@ENV
@click.option("--region", metavar="REGION", help="AWS region. Default: the profile's; asked for on a terminal.")
@click.option("--account", metavar="NUMBER", help="The account that it must be. Default: that of the credentials.")
@click.option("--cidr", metavar="NETWORKS", help="Who may log in and call the service, parted by commas. Default: you.")
@click.option("--public", is_flag=True, flag_value="yes", default=None, help="Everybody may call the service.")
@click.option("--key", metavar="NAME", help="EC2 key pair. Default: the only one; asked for where there are several.")
@click.option("--key-file", metavar="FILE", help="Its private key. Default: ~/.ssh/<name>.pem, if it is there.")
def env_file(env: str | None, key_file: str | None, **given: str | None) -> None:
    """Write the file of an environment: account, region, key, who may reach it; and make the bucket of its states."""
    from slipway.environment import account
    from slipway.environment import settle as settling

    request = requested({"env": env, "key_file": key_file, **given})
    try:
        settled(request)
        path = account.path_of(request.environment)
        known = settling.Given(
            env=request.environment,
            region=request.get("REGION") or None,
            account=request.get("ACCOUNT") or None,
            cidrs=[settling.network(text) for text in request.get("CIDR").split(",") if text.strip()],
            public=bool(request.get("PUBLIC")),
            key=request.get("KEY") or None,
            key_file=request.get("KEY_FILE") or None,
        )
        values = settling.settle(known, account.read(path), asker())
        values["ssh_private_key_file"] = values["ssh_private_key_file"] or settling.private_key(
            values["ssh_key_name"], Path.home()
        )
        changed = account.write(request.environment, values)
    except (RequestError, account.AccountError) as error:
        print(error, file=sys.stderr)
        sys.exit(REFUSED)
    _show(path, values, changed)
    start("bootstrap", requested({"env": env}))


def asker() -> Ask | None:
    """How a person is asked; None without a terminal."""
    return _ask if sys.stdin.isatty() else None


def _ask(question: str, default: str | None) -> str:
    return str(click.prompt(question, default=default, err=True))


def _show(path: Path, values: dict[str, object], changed: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from slipway.launch.checkout import ROOT

    table = Table(title=f"{path.relative_to(ROOT)} {'written' if changed else 'is as it was'}", title_justify="left")
    table.add_column("Setting")
    table.add_column("Value")
    for name, value in values.items():
        if value is not None:
            table.add_row(name, ", ".join(value) if isinstance(value, list) else str(value))
    Console(stderr=True).print(table)


def add_to(group: Map) -> None:
    """Add the commands to the program."""
    group.add(Section.FIRST, env_file)
