"""Commands for this repository itself."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from slipway.cli.map import Map, Section
from slipway.launch.checkout import ROOT

SHELLS = ("bash", "zsh", "fish")


@click.command("aws-rules")
@click.argument("plan", default="-")
@click.option("--region", help="Region of the plan. Default: the plan's own variable `region`.")
def aws_rules(plan: str, region: str | None) -> None:
    """Say what AWS would refuse of a Terraform plan, given as JSON in a file or on standard input."""
    from slipway.aws_rules.report import report

    sys.exit(report(plan, region))


@click.command()
@click.option("--output", type=click.Path(path_type=Path), default=ROOT / "dist", help="Folder. Default: dist/.")
def collection(output: Path) -> None:
    """Build the collection that ansible-galaxy can install, and print the file's path."""
    from slipway.house import build_collection

    staged = ROOT / ".cache" / "collection"
    build_collection.stage(staged)
    try:
        print(build_collection.build(staged, output))
    except RuntimeError as error:
        sys.exit(f"The collection could not be built: {error}")


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; end with 1 if a README is not up to date.")
def docs(check: bool) -> None:
    """Write the tables in the READMEs of roles and Terraform modules anew, from argument specs and variables."""
    from slipway.house import generated, module_readmes, role_readmes

    try:
        stale = {**role_readmes.stale(), **module_readmes.stale()}
    except module_readmes.ModuleError as error:
        sys.exit(str(error))
    sys.exit(0 if generated.write(stale, check) or not check else 1)


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what a shell needs to complete commands: add `source <(.venv/bin/slipway completion bash)` to ~/.bashrc."""
    program = context.find_root()
    kind = get_completion_class(shell)
    assert kind is not None
    name = program.info_name or ""
    print(kind(program.command, {}, name, f"_{name.upper()}_COMPLETE").source())


def add_to(group: Map) -> None:
    """Add the commands to the program."""
    for command in (aws_rules, collection, docs, completion):
        group.add(Section.HOUSE, command)
