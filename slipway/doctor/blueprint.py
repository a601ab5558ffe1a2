"""`make app`: a blueprint from what the doctor finds in an application."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from slipway.doctor import artifact, examine, routes
from slipway.doctor.source import Source

NAME = re.compile(r"(?=.{2,19}\Z)[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""As the stack demands it of `app` (terraform/stacks/ec2/variables.tf)."""
DATABASE = "DATABASE_URL"
"""What a service reads that has a database of Slipway's."""
FIRST_RANGE = 22
"""Of the first range, 10.22.0.0/16: 10.20 and 10.21 are those of the blueprints that come with Slipway."""
_RANGE = re.compile(r"\b10\.(\d+)\.0\.0/16")


class BlueprintError(Exception):
    """There can be no blueprint; the message says why, and what to do."""


@dataclass(frozen=True)
class Plan:
    """What is known of an application. `module` is empty where nothing is to be started."""

    module: str
    port: int
    health: str
    database: bool


def plan(directory: Path) -> Plan:
    """Look at an application. `health` is empty where no path is known."""
    source = Source(directory, examine.python_files(directory))
    applications = source.applications()
    answering = examine.answering(source)
    return Plan(
        module=applications[0] if applications else "",
        port=next(iter(routes.ports(source)), examine.DEFAULT_PORT),
        health=answering[0] if answering else routes.description(source),
        database=_asks_for_database(directory, source),
    )


def name_of(directory: Path) -> str:
    """A name for an application after its folder; empty where that gives none."""
    name = re.sub(r"[^a-z0-9]+", "-", directory.name.lower()).strip("-")[:19].strip("-")
    return name if NAME.fullmatch(name) else ""


def text(name: str, found: Plan, blueprints: Iterable[Path]) -> str:
    """The blueprint, with a range of addresses that no other blueprint has. Raises BlueprintError without one."""
    taken = {int(number) for path in blueprints for number in _RANGE.findall(path.read_text(encoding="utf-8"))}
    free = next((number for number in range(FIRST_RANGE, 256) if number not in taken), None)
    if free is None:
        raise BlueprintError(f"No range 10.<{FIRST_RANGE} to 255>.0.0/16 is free: remove an unused blueprint")
    settings = {
        "app": f'"{name}"',
        "network": f'{{ mode = "new", cidr = "10.{free}.0.0/16", zone_count = {2 if found.database else 1} }}',
        "instance_type": '"t3.micro"',
        "backend_port": str(found.port),
        "health_path": f'"{found.health}"',
        "backend_artifact_key": '"releases/app.zip"',
    }
    width = max(map(len, settings))
    lines = [
        f"# {name}, by `make app` from what its code says. location-content.tfvars.example explains every setting.",
        "",
        *(f"{setting:{width}} = {value}" for setting, value in settings.items()),
    ]
    if found.database:
        lines += ["", "database = {", '  engine_version = "16"', '  instance_class = "db.t3.micro"', "}"]
    return "\n".join(lines) + "\n"


def write(path: Path, wanted: str) -> bool:
    """Write a blueprint; whether that changed it. Raises BlueprintError for one that says something else."""
    if not path.exists():
        path.write_text(wanted, encoding="utf-8")
        return True
    if path.read_text(encoding="utf-8") != wanted:
        raise BlueprintError(f"{path} exists and differs: change it there, or choose another name: make app NAME=…")
    return False


def _asks_for_database(directory: Path, source: Source) -> bool:
    samples = [directory / name for name in artifact.SAMPLES]
    named = any(DATABASE in path.read_text(encoding="utf-8", errors="replace") for path in samples if path.is_file())
    return named or any(
        isinstance(node, ast.Constant) and node.value == DATABASE
        for module in source.modules.values()
        for node in ast.walk(module.tree)
    )
