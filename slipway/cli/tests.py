"""Commands that run tests."""

from __future__ import annotations

from typing import NoReturn

import click

from slipway.cli.map import Map, Section
from slipway.cli.options import ANSIBLE, started
from slipway.launch.checkout import BIN, ROOT
from slipway.launch.start import become, ready


@click.command()
@click.option("--long", "is_long", is_flag=True, help="Choose among the stages that take hours.")
@click.argument("stages", nargs=-1)
def test(is_long: bool, stages: tuple[str, ...]) -> NoReturn:
    """Run the tests, or the stages that are named: lint, unit, molecule, e2e, … (docs/tests.md)."""
    ready([None, "docker"])
    become([str(BIN / "python"), str(ROOT / "tests/run.py"), *(["--long"] if is_long else []), *stages])


@click.command()
@click.option("--rounds", metavar="N", help="How many releases are ended. Default: 200.")
@click.option("--seed", metavar="N", help="The same moments again.")
def interruptions(rounds: str | None, seed: str | None) -> NoReturn:
    """End releases at random moments and expect the next to converge."""
    started("interruptions", {"rounds": rounds, "seed": seed})


@click.command()
@click.option("--role", metavar="ROLE", help="Which role. Default: all.")
@ANSIBLE
def mutate(role: str | None, ansible: tuple[str, ...]) -> NoReturn:
    """Take each task of a role away and expect its tests to fail."""
    started("mutate", {"role": role}, ansible)


def add_to(group: Map) -> None:
    """Add the commands to the program."""
    for command in (test, interruptions, mutate):
        group.add(Section.TESTS, command)
