"""Commands that look at what runs, reach its hosts, or look at an application."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from slipway.cli.map import Map, Section
from slipway.cli.options import BLUEPRINT, ENV, FILE, HOST, JSON, MORE, refuse, requested
from slipway.launch.checkout import ROOT
from slipway.launch.request import Request, RequestError

FAILED = 1


@contextmanager
def _inventory(request: Request) -> Iterator[str]:
    """The inventory of a request's environment, in the checkout; a problem with a host or the request ends it."""
    from slipway.operate.hosts import NoHostError

    try:
        inventory = request.inventory
        os.chdir(ROOT)
        yield inventory
    except RequestError as error:
        refuse(error)
    except NoHostError as error:
        print(error, file=sys.stderr)
        sys.exit(FAILED)


def _end(well: bool) -> None:
    sys.exit(0 if well else FAILED)


@click.command()
@ENV
@JSON
def status(env: str | None, as_json: bool) -> None:
    """Show release, unit, disk and last verify of every host."""
    from slipway.operate import service

    with _inventory(requested({"env": env})) as inventory:
        _end(service.status(service.find_hosts(inventory), as_json))


@click.command()
@ENV
def health(env: str | None) -> None:
    """Ask every host's service for its health, from here."""
    from slipway.operate.health import health as ask_all

    with _inventory(requested({"env": env})) as inventory:
        _end(ask_all(inventory))


@click.command()
@ENV
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many of the newest.")
@JSON
def releases(env: str | None, limit: int, as_json: bool) -> None:
    """Show who released what, when, with which result."""
    from slipway.operate.releases import show

    with _inventory(requested({"env": env})) as inventory:
        _end(show(inventory, limit, as_json))


@click.command()
@ENV
@HOST
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes.")
@click.option("-n", "--lines", type=int, default=100, show_default=True, help="How many lines.")
@click.option("--since", default="", help="From when on, as journalctl takes it: '1 hour ago'.")
def logs(env: str | None, host: str | None, follow: bool, lines: int, since: str) -> None:
    """Show the service's journal."""
    from slipway.operate.service import logs as show

    request = requested({"env": env, "host": host})
    with _inventory(request) as inventory:
        show(inventory, _checked(request), lines, follow, since)


@click.command()
@ENV
@HOST
def shell(env: str | None, host: str | None) -> None:
    """Open a shell as the service: its account, release, .env and restrictions."""
    from slipway.operate.service import shell as open_one

    request = requested({"env": env, "host": host})
    with _inventory(request) as inventory:
        open_one(inventory, _checked(request))


@click.command()
@ENV
@HOST
@click.argument("command")
def run(env: str | None, host: str | None, command: str) -> None:
    """Run one command as the service: `slipway run 'python -m jobs.cleanup'`."""
    from slipway.operate.service import run as run_one

    request = requested({"env": env, "host": host})
    with _inventory(request) as inventory:
        run_one(inventory, _checked(request), command)


@click.command()
@ENV
@HOST
@click.argument("command", nargs=-1)
def ssh(env: str | None, host: str | None, command: tuple[str, ...]) -> None:
    """Open a shell on a host as the login user, or run a command there."""
    from slipway.operate.hosts import ssh as reach

    request = requested({"env": env, "host": host})
    with _inventory(request) as inventory:
        reach(inventory, _checked(request), list(command))


@click.command("env-diff")
@ENV
@BLUEPRINT
@FILE
@MORE
def env_diff(env: str | None, blueprint: str | None, file: str | None, more: str | None) -> None:
    """Compare a .env with the stored one, by names."""
    from slipway.operate import env_diff as diff

    request = requested({"env": env, "blueprint": blueprint, "file": Path(file or ".env").resolve()})
    with _inventory(request) as inventory:
        try:
            sys.exit(diff.compare(inventory, request.blueprint, request.file(), diff.SECOND if more else diff.FIRST))
        except diff.CompareError as error:
            print(error, file=sys.stderr)
            sys.exit(diff.ERROR)


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@JSON
def doctor(directory: Path, as_json: bool) -> None:
    """Say whether a directory can be deployed, and what to do first."""
    from slipway.doctor.examine import report

    directory = directory.resolve()
    if not directory.is_dir():
        sys.exit(f"{directory} is no directory. Name the one that holds main.py: make doctor APP=./dir")
    _end(report(directory, as_json))


def add_to(group: Map) -> None:
    """Add the commands to the program."""
    group.add(Section.SERVICE, env_diff)
    group.add(Section.SERVICE, doctor)
    looking: tuple[Any, ...] = (status, releases, logs, shell, run, ssh, health)
    for command in looking:
        group.add(Section.LOOK, command)


def _checked(request: Request) -> str | None:
    """The host's id, or None where none is given. Raises RequestError."""
    request.host()
    return request.get("HOST") or None
