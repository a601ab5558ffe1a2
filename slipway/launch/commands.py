"""What each command starts: the program, its arguments, and what must be ready for it.

The Makefile's targets and ``.venv/bin/slipway`` use this one table, so both check a request in the same way.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from slipway.launch.checkout import BIN, ROOT
from slipway.launch.request import Request, RequestError, extra_vars

GOALS = "SLIPWAY_GOALS"
"""Environment variable: the goals of make's command line besides the command."""

REGION = r"[a-z]{2}(-[a-z]+)+-\d"
ACCOUNT = r"\d{12}"

Build = Callable[[Request], "list[str]"]
"""Makes a program's command line of a request. Raises RequestError."""


@dataclass(frozen=True)
class Command:
    """How a command starts.

    `build` makes the program's arguments of a request. `machine` says whether the command needs Terraform, and in the
    sandbox Docker too.
    """

    build: Build
    machine: bool = False

    def steps(self, request: Request) -> list[str | None]:
        """The steps that make the checkout ready for it (slipway.launch.steps)."""
        if not self.machine:
            return ["venv"]
        return [None, "docker"] if request.environment == "sandbox" else [None]


def nothing(_request: Request) -> dict[str, str]:
    """No variables of the playbook."""
    return {}


def play(name: str, values: Callable[[Request], dict[str, str]] = nothing, **fixed: str) -> Build:
    """A playbook of the environment, with the variables that `values` finds and `fixed` names."""

    def build(request: Request) -> list[str]:
        options = extra_vars({"blueprint": request.blueprint, **fixed, **values(request)})
        return [str(BIN / "ansible-playbook"), "-i", request.inventory, name, *options, *request.arguments()]

    return build


def operate(name: str, options: Callable[[Request], list[str]] = Request.arguments) -> Build:
    """A command of this program itself (slipway.cli), which looks at the environment or reaches its hosts."""

    def build(request: Request) -> list[str]:
        _ = request.blueprint
        return [str(BIN / "slipway"), name, f"--env={request.environment}", *options(request)]

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


def whole(request: Request) -> dict[str, str]:
    """What `make site` publishes and stores on its way, if anything is named. Raises RequestError."""
    return request.source() | ({"file": str(request.file())} if request.get("FILE") else {})


def compared(request: Request) -> list[str]:
    """What `make env-diff` compares. Raises RequestError."""
    more = ["--more"] if request.get("MORE") else []
    return [f"--blueprint={request.blueprint}", *more, f"--file={request.file()}"]


def command(request: Request) -> list[str]:
    """What `make run` runs. Raises RequestError."""
    if not request.get("CMD"):
        raise RequestError('Say what to run: make run CMD="python -m x"')
    return [*request.host(), "--", request.get("CMD")]


def session(request: Request) -> list[str]:
    """What `make ssh` runs on the host: the text goes there as it is, and a shell is the default."""
    return [*request.host(), *(["--", request.get("ARGS")] if request.get("ARGS") else [])]


def maintained(request: Request) -> dict[str, str]:
    """ON or OFF of `make maintenance ON`, which make takes for a goal as well. Raises RequestError."""
    return {"maintenance": request.maintenance(os.environ.get(GOALS, "").split())}


def account_options(request: Request) -> list[str]:
    """The options of `make env`, checked as far as no account is needed for it. Raises RequestError."""
    if request.environment == "sandbox":
        raise RequestError("The sandbox needs no account. Name another environment: make env ENV=dev")
    for name, pattern, example in (("REGION", REGION, "eu-central-1"), ("ACCOUNT", ACCOUNT, "123456789012")):
        value = request.get(name)
        if value and not re.fullmatch(pattern, value):
            raise RequestError(f"{name} is '{value}'. Write it as AWS does: {name}={example}")
    names = ("REGION", "ACCOUNT", "CIDR", "KEY", "KEY_FILE")
    options = [f"--{name.lower().replace('_', '-')}={request.get(name)}" for name in names if request.get(name)]
    return [*options, *(["--public"] if request.get("PUBLIC") else [])]


def planned(request: Request) -> list[str]:
    """`make app`, which needs no environment. Raises RequestError."""
    if not request.get("APP"):
        raise RequestError("Which application? Name its folder: make app APP=../svc")
    if request.get("DATABASE") not in ("", "yes", "no"):
        raise RequestError(f"DATABASE is '{request.get('DATABASE')}'. Write DATABASE=yes or DATABASE=no")
    names = ("NAME", "HEALTH", "PORT", "DATABASE")
    options = [f"--{name.lower()}={request.get(name)}" for name in names if request.get(name)]
    return [str(BIN / "slipway"), "app", f"--app={Path(request.get('APP')).resolve()}", *options]


def doctor(request: Request) -> list[str]:
    """`make doctor`, which needs no environment."""
    return [str(BIN / "slipway"), "doctor", *request.arguments(), "--", request.get("APP")]


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


COMMANDS = {
    "env": Command(operate("env", account_options)),
    "app": Command(planned),
    "site": Command(play("site.yml", whole), machine=True),
    "bootstrap": Command(play("playbooks/bootstrap.yml"), machine=True),
    "init": Command(play("playbooks/init.yml"), machine=True),
    "plan": Command(play("playbooks/provision.yml", plan_only="true"), machine=True),
    "apply": Command(play("playbooks/provision.yml"), machine=True),
    "configure": Command(play("playbooks/configure.yml")),
    "release": Command(play("playbooks/release.yml")),
    "verify": Command(play("playbooks/verify.yml")),
    "deploy": Command(play("playbooks/deploy.yml", Request.source)),
    "rollback": Command(play("playbooks/rollback.yml", Request.target)),
    "maintenance": Command(play("playbooks/maintenance.yml", maintained)),
    "destroy": Command(play("playbooks/destroy.yml"), machine=True),
    "publish": Command(play("playbooks/publish.yml", published)),
    "env-push": Command(play("playbooks/env_push.yml", pushed)),
    "env-diff": Command(operate("env-diff", compared)),
    "doctor": Command(doctor),
    "status": Command(operate("status")),
    "releases": Command(operate("releases")),
    "logs": Command(operate("logs", lambda request: [*request.host(), *request.arguments()])),
    "shell": Command(operate("shell", Request.host)),
    "run": Command(operate("run", command)),
    "ssh": Command(operate("ssh", session)),
    "health": Command(operate("health")),
    "mutate": Command(mutated, machine=True),
    "interruptions": Command(interrupted, machine=True),
}
