"""Commands that run a playbook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from slipway.cli.map import Map, Section
from slipway.cli.options import ANSIBLE, APP, BLUEPRINT, COMMIT, ENV, FILE, GIT, MODULE, MORE, Option, started

TO: Option = click.option(
    "--to", metavar="RELEASE", help="A release's id, or how many releases back. Default: the one before."
)
STATE: Option = click.argument("state", type=click.Choice(["on", "off"], case_sensitive=False))
SOURCE = (APP, GIT, COMMIT, MODULE)

FIRST, DEPLOY, SERVICE, HOSTS = Section.FIRST, Section.DEPLOY, Section.SERVICE, Section.HOSTS
COMMANDS: tuple[tuple[Section, str, str, tuple[Option, ...]], ...] = (
    (FIRST, "site", "Do it all: provision, publish, store the .env, configure, release, verify.", (*SOURCE, FILE)),
    (FIRST, "bootstrap", "Make the bucket of Terraform's states, and bring a local state into it.", ()),
    (DEPLOY, "deploy", "Publish what is named, if anything, release and verify.", SOURCE),
    (DEPLOY, "release", "Bring the published artifact and the stored .env to the hosts.", ()),
    (DEPLOY, "rollback", "Go back to a release that the hosts have kept; needs no S3 and no SSM.", (TO,)),
    (DEPLOY, "verify", "Ask the hosts whether the service reaches all that it needs.", ()),
    (DEPLOY, "maintenance", "Answer 503 in place of the service, or let it answer again.", (STATE,)),
    (SERVICE, "publish", "Upload an application as an artifact.", SOURCE),
    (SERVICE, "env-push", "Store a .env as the environment's encrypted parameter.", (FILE, MORE)),
    (HOSTS, "init", "Make Terraform ready for the environment: its provider and its state.", ()),
    (HOSTS, "plan", "Show what Terraform would change, and change nothing.", ()),
    (HOSTS, "apply", "Show Terraform's plan and apply exactly that plan.", ()),
    (HOSTS, "configure", "Make the hosts what they should be, up to the service itself.", ()),
    (HOSTS, "destroy", "Remove what Terraform made for this application in this environment.", ()),
)


def add_to(group: Map) -> None:
    """Add the commands to the program."""
    for section, name, text, options in COMMANDS:
        call: Callable[..., Any] = _starter(name)
        for option in (ANSIBLE, *reversed(options), BLUEPRINT, ENV):
            call = option(call)
        group.add(section, click.command(name, help=text)(call))


def _starter(name: str) -> Callable[..., Any]:
    def call(ansible: tuple[str, ...], **given: Any) -> None:
        started(name, given, ansible)

    return call
