"""`slipway env` and `slipway app`: the first run in an account, and with an application."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from slipway.cli.map import Map, Section
from slipway.cli.options import ENV, refuse, requested
from slipway.launch.checkout import ROOT
from slipway.launch.commands import account_options
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
        account_options(request)
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


@click.command("app")
@click.option("--app", "folder", metavar="FOLDER", required=True, help="Folder of the application.")
@click.option("--name", metavar="NAME", help="Name of application and blueprint. Default: that of the folder.")
@click.option("--health", metavar="PATH", help="Path of the health check. Default: what the code says.")
@click.option(
    "--port", type=click.IntRange(1024, 65535), help="Port of the service. Default: what the code says, or 8000."
)
@click.option("--database", type=click.Choice(["yes", "no"]), help="Postgres. Default: whether it reads DATABASE_URL.")
def app(folder: str, name: str | None, health: str | None, port: int | None, database: str | None) -> None:
    """Write a blueprint for an application from what the doctor finds in it."""
    from slipway.doctor import blueprint

    directory, ask = Path(folder).resolve(), asker()
    if not directory.is_dir():
        refuse(RequestError(f"{directory} is no directory. Name the one that holds main.py: make app APP=../svc"))
    found = blueprint.plan(directory)
    name = name or blueprint.name_of(directory)
    if ask:
        name = ask("Name of the application", name or None)
        health = health or ask("Path of its health check", found.health or None)
    if not blueprint.NAME.fullmatch(name):
        refuse(
            RequestError(f"'{name}' is no name: 2 to 19 lower-case letters, digits and hyphens: make app NAME=conduit")
        )
    health = health or found.health
    if not re.fullmatch(r"/[\w./~-]*", health, re.ASCII):
        refuse(RequestError(f"'{health}' is no path of a health check. Name it: make app … HEALTH=/health"))
    planned = replace(
        found, health=health, port=port or found.port, database=database == "yes" if database else found.database
    )
    folder_of_all = ROOT / "terraform" / "blueprints"
    path = folder_of_all / f"{name}.tfvars"
    try:
        others = [other for other in folder_of_all.glob("*.tfvars") if other != path]
        changed = blueprint.write(path, blueprint.text(name, planned, others))
    except blueprint.BlueprintError as error:
        refuse(error)
    module = "" if planned.module in ("", "main:app") else f" MODULE={planned.module}"
    print(f"{path.relative_to(ROOT)} {'written' if changed else 'is as it was'}: port {planned.port}, GET {health}")
    print(f"Next: make doctor APP={folder}, then make site BLUEPRINT={name} APP={folder}{module}")


def asker() -> Ask | None:
    """How a person is asked; None without a terminal."""
    return _ask if sys.stdin.isatty() else None


def _ask(question: str, default: str | None) -> str:
    return str(click.prompt(question, default=default, err=True))


def _show(path: Path, values: dict[str, object], changed: bool) -> None:
    from rich.console import Console
    from rich.table import Table

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
    group.add(Section.FIRST, app)
