"""Starts the program behind a target of the Makefile: checks the request, prepares the checkout, becomes the program.

It runs with any Python that `setup` accepts, since `.venv` may not exist yet, and imports nothing else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

# First of the checkout's own: it refuses a Python that is too old for the rest.
from setup import __main__ as setup
from tools.request import GIVEN, PREFIX, Request, RequestError, extra_vars, unused

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv/bin"
REFUSED = 2
"""The exit code for a request that is refused; make ends with 2 whatever it is."""

GOALS = "SLIPWAY_GOALS"
"""Environment variable: the goals of make's command line besides the verb."""

Build = Callable[[Request], "list[str]"]
"""Makes a program's command line of a request. Raises RequestError."""


@dataclass(frozen=True)
class Verb:
    """A target: the program's command line, and whether Terraform and, in the sandbox, Docker must be ready for it."""

    build: Build
    machine: bool = False


def nothing(_request: Request) -> dict[str, str]:
    """No variables of the playbook."""
    return {}


def play(name: str, values: Callable[[Request], dict[str, str]] = nothing, **fixed: str) -> Build:
    """A playbook of the environment, with the variables that `values` finds and `fixed` names."""

    def build(request: Request) -> list[str]:
        options = extra_vars({"blueprint": request.blueprint, **fixed, **values(request)})
        return [str(BIN / "ansible-playbook"), "-i", request.inventory, name, *options, *request.arguments()]

    return build


def tool(script: str, *words: str, options: Callable[[Request], list[str]] = Request.arguments) -> Build:
    """A program of tools/ that looks at the environment."""

    def build(request: Request) -> list[str]:
        _ = request.blueprint
        return [str(BIN / "python"), script, *words, "--inventory", request.inventory, *options(request)]

    return build


def published(request: Request) -> dict[str, str]:
    """The source of `make publish`, which must name one. Raises RequestError."""
    if not any(request.get(name) for name in ("APP", "GIT", "COMMIT")):
        raise RequestError(
            "Which application? The folder that holds its main.py: make publish APP=./dir, or a commit of its "
            "repository: make publish GIT=url COMMIT=sha"
        )
    return request.source()


def pushed(request: Request) -> dict[str, str]:
    """The file of `make env-push`, and whether it is the second one. Raises RequestError."""
    return {"file": str(request.file())} | ({"more": "true"} if request.get("MORE") else {})


def compared(request: Request) -> list[str]:
    """What `make env-diff` compares. Raises RequestError."""
    more = ["--more"] if request.get("MORE") else []
    return [f"--app={request.blueprint}", *more, "--", str(request.file())]


def command(request: Request) -> list[str]:
    """What `make run` runs. Raises RequestError."""
    if not request.get("CMD"):
        raise RequestError('Say what to run: make run CMD="python -m x"')
    return [*request.host(), "--", request.get("CMD")]


def session(request: Request) -> list[str]:
    """What `make ssh` runs on the host: the text goes there as it is, and a shell is the default."""
    return [*request.host(), *(["--", request.get("ARGS")] if request.get("ARGS") else [])]


def maintained(request: Request) -> dict[str, str]:
    """The word of `make maintenance ON`, which is a goal as well. Raises RequestError."""
    return {"maintenance": request.maintenance(os.environ.get(GOALS, "").split())}


def doctor(request: Request) -> list[str]:
    """`make doctor`, which needs no environment."""
    return [str(BIN / "python"), "-m", "tools.doctor", *request.arguments(), "--", request.get("APP")]


def mutated(request: Request) -> list[str]:
    """`make mutate` of one role or of all."""
    role = [request.get("ROLE")] if request.get("ROLE") else []
    return [str(ROOT / "molecule/mutate"), *role, *request.arguments()]


def interrupted(request: Request) -> list[str]:
    """`make interruptions`. Raises RequestError for what is no number."""
    options = []
    for name, default in (("ROUNDS", "200"), ("SEED", "")):
        value = request.get(name, default)
        if value and not (value.isascii() and value.isdecimal()):
            raise RequestError(f"{name} is '{value}'. Write a number: make interruptions {name}=7")
        options += [f"--{name.lower()}={value}"] if value else []
    return [str(BIN / "python"), "-m", "tests.faults", *options]


VERBS = {
    "site": Verb(play("site.yml"), machine=True),
    "bootstrap": Verb(play("playbooks/bootstrap.yml"), machine=True),
    "init": Verb(play("playbooks/init.yml"), machine=True),
    "plan": Verb(play("playbooks/provision.yml", plan_only="true"), machine=True),
    "apply": Verb(play("playbooks/provision.yml"), machine=True),
    "configure": Verb(play("playbooks/configure.yml")),
    "release": Verb(play("playbooks/release.yml")),
    "verify": Verb(play("playbooks/verify.yml")),
    "deploy": Verb(play("playbooks/deploy.yml", Request.source)),
    "rollback": Verb(play("playbooks/rollback.yml", Request.target)),
    "maintenance": Verb(play("playbooks/maintenance.yml", maintained)),
    "destroy": Verb(play("playbooks/destroy.yml"), machine=True),
    "publish": Verb(play("playbooks/publish.yml", published)),
    "env-push": Verb(play("playbooks/env_push.yml", pushed)),
    "env-diff": Verb(tool("tools/env_diff.py", options=compared)),
    "doctor": Verb(doctor),
    "status": Verb(tool("tools/service.py", "status")),
    "releases": Verb(tool("tools/releases.py")),
    "logs": Verb(tool("tools/service.py", "logs", options=lambda request: [*request.host(), *request.arguments()])),
    "shell": Verb(tool("tools/service.py", "shell", options=Request.host)),
    "run": Verb(tool("tools/service.py", "run", options=command)),
    "ssh": Verb(tool("tools/hosts.py", "ssh", options=session)),
    "health": Verb(tool("tools/health.py")),
    "mutate": Verb(mutated, machine=True),
    "interruptions": Verb(interrupted, machine=True),
}


def main(name: str) -> None:
    """Become the program of a verb, or exit with a code of its own where it comes to nothing."""
    verb = VERBS[name]
    try:
        request = Request.read(os.environ)
        argv = verb.build(request)
        note = "" if name == "doctor" else unused(request, os.environ)
    except RequestError as error:
        print(error, file=sys.stderr)
        sys.exit(REFUSED)
    if note:
        print(note, file=sys.stderr)
    for step in steps(verb, request):
        if code := setup.run(step):
            sys.exit(code)
    become(argv)


def steps(verb: Verb, request: Request) -> list[str | None]:
    """The steps of `setup` that a verb needs."""
    if not verb.machine:
        return ["venv"]
    return [None, "docker"] if request.environment == "sandbox" else [None]


def become(argv: list[str]) -> NoReturn:
    """Run the program in the place of this one, so that signals and the exit code are its own."""
    kept = {key: value for key, value in os.environ.items() if key not in (GIVEN, GOALS) and not key.startswith(PREFIX)}
    os.execve(argv[0], argv, kept)  # noqa: S606 - a shell has no part in this


if __name__ == "__main__":
    main(sys.argv[1])
