"""The program called directly: the same checks and the same programs as by make."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from slipway.cli import environment, program
from slipway.environment import account, settle
from slipway.launch import start
from slipway.launch.commands import COMMANDS
from slipway.launch.program import install
from slipway.launch.request import Request
from tests.unit.repo.helpers import ROOT

SLIPWAY = ROOT / ".venv" / "bin" / "slipway"


class BecomeError(Exception):
    """Raised where the program would become another."""


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Result, list[str]]]:
    """Call the program; its result, and the command line of what it would become."""
    became: list[list[str]] = []

    def become(argv: list[str]) -> None:
        became.append(argv)
        raise BecomeError

    monkeypatch.setattr(start, "become", become)
    monkeypatch.setattr(start.steps, "run", lambda _step: 0)

    def run(*arguments: str, **options: Any) -> tuple[Result, list[str]]:
        became.clear()
        done = CliRunner().invoke(program(), arguments, **options)
        return done, [argument for argv in became for argument in argv]

    return run


@pytest.mark.parametrize(
    ("arguments", "name", "values"),
    [
        (["deploy", "--app", "{app}"], "deploy", {"APP": "{app}"}),
        (
            ["deploy", "--env", "dev", "--", "--check", "-e", "a=b c"],
            "deploy",
            {"ENV": "dev", "ARGS": "--check -e 'a=b c'"},
        ),
        (["rollback", "--to", "2"], "rollback", {"TO": "2"}),
        (["maintenance", "ON"], "maintenance", {"STATE": "on"}),
        (["publish", "--app", "{app}", "--module", "none"], "publish", {"APP": "{app}", "MODULE": "none"}),
        (["env-push", "--file", "{app}/.env", "--more"], "env-push", {"FILE": "{app}/.env", "MORE": "yes"}),
        (["site", "--app", "{app}", "--file", "{app}/.env"], "site", {"APP": "{app}", "FILE": "{app}/.env"}),
        (["interruptions", "--rounds", "7"], "interruptions", {"ROUNDS": "7"}),
        (["mutate", "--role", "docker"], "mutate", {"ROLE": "docker"}),
    ],
)
def test_it_becomes_what_make_starts(
    call: Callable[..., tuple[Result, list[str]]],
    tmp_path: Path,
    arguments: list[str],
    name: str,
    values: dict[str, str],
) -> None:
    (tmp_path / "main.py").write_text("app = None\n")
    (tmp_path / ".env").write_text("KEY=value\n")
    request = Request({key: value.format(app=tmp_path) for key, value in values.items()})
    done, argv = call(*(argument.format(app=tmp_path) for argument in arguments))
    assert isinstance(done.exception, BecomeError), done.output
    assert argv == COMMANDS[name].build(request)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["deploy", "--env", "staging"], "There is no environment 'staging'"),
        (["status", "--env", "staging"], "There is no environment 'staging'"),
        (["deploy", "--app", "/nonexistent/app"], "/nonexistent/app is no directory"),
        (["rollback", "--to", "0"], "0 releases back"),
        (["logs", "--host", "web"], "HOST=i-"),
        (["env-push", "--file", "/nonexistent/.env"], "cannot be read"),
        (["env-diff", "--file", "/nonexistent/.env"], "cannot be read"),
        (["maintenance", "perhaps"], "'perhaps' is not one of"),
        (["interruptions", "--rounds", "many"], "ROUNDS=7"),
        (["publish", "--app", "\udcff"], "no text in UTF-8"),
        (["env", "--env", "staging"], "There is no environment 'staging'"),
        (["env", "--env", "sandbox"], "make env ENV=dev"),
        (["env", "--env", "dev", "--region", "Frankfurt"], "REGION=eu-central-1"),
        (["env", "--env", "dev", "--account", "1"], "ACCOUNT=123456789012"),
    ],
)
def test_it_refuses_what_make_refuses(
    call: Callable[..., tuple[Result, list[str]]], arguments: list[str], told: str
) -> None:
    done, argv = call(*arguments)
    assert (done.exit_code, argv) == (2, [])
    assert told in done.output


def test_the_environment_of_the_shell_chooses_nothing(
    call: Callable[..., tuple[Result, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ENV", "APP", "HOST", "SLIPWAY_ENV", "SLIPWAY_GIVEN_ENV"):
        monkeypatch.setenv(name, "dev")
    _, argv = call("deploy")
    assert argv[:3] == [str(ROOT / ".venv/bin/ansible-playbook"), "-i", "inventories/sandbox"]


def test_the_help_is_a_map_with_every_command() -> None:
    shown = CliRunner().invoke(program(), ["--help"]).output
    for command in program().commands:
        assert f"\n  {command} " in shown
    for section in ("First run:", "Deploy:", "Look at what runs:", "The AWS account in a box:", "Tests:"):
        assert section in shown


def test_env_writes_the_file_and_then_makes_the_bucket(
    call: Callable[..., tuple[Result, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answers of a person become the file's values."""
    wrote: list[tuple[str, Any]] = []

    def write(env: str, values: Any) -> bool:
        wrote.append((env, values))
        return True

    monkeypatch.setattr(account, "write", write)
    monkeypatch.setattr(environment, "asker", lambda: environment._ask)
    monkeypatch.setattr(settle.cloud, "default_region", lambda: "eu-central-1")
    monkeypatch.setattr(settle.cloud, "account", lambda _region: "123456789012")
    monkeypatch.setattr(settle.cloud, "key_pairs", lambda _region: ["build", "dev"])
    monkeypatch.setattr(settle.cloud, "address", lambda: "203.0.113.7/32")
    done, argv = call("env", "--env", "dev", "--key-file", "~/.ssh/x", input="\n\ndev\n")
    assert isinstance(done.exception, BecomeError), done.output
    assert wrote == [
        (
            "dev",
            {
                "allowed_account_ids": ["123456789012"],
                "region": "eu-central-1",
                "backend_http_cidrs": ["203.0.113.7/32"],
                "ssh_ingress_cidrs": ["203.0.113.7/32"],
                "ssh_key_name": "dev",
                "ssh_private_key_file": "~/.ssh/x",
            },
        )
    ]
    assert argv[1:4] == ["-i", "inventories/dev", "playbooks/bootstrap.yml"]


def test_it_works_from_another_folder_that_has_modules_of_these_names(tmp_path: Path) -> None:
    for name in ("slipway.py", "click.py", "json.py"):
        (tmp_path / name).write_text("raise SystemExit('the wrong one')\n")
    link = tmp_path / "slipway"
    link.symlink_to(SLIPWAY)
    done = subprocess.run([link, "doctor", "--json", "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["directory"] == str(tmp_path)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_completion(shell: str) -> None:
    assert "_SLIPWAY_COMPLETE" in CliRunner().invoke(program(), ["completion", shell], prog_name="slipway").output


def test_environments_are_completed() -> None:
    words = {"COMP_WORDS": "slipway deploy --env p", "COMP_CWORD": "3", "_SLIPWAY_COMPLETE": "bash_complete"}
    done = subprocess.run([SLIPWAY], env=os.environ | words, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["plain,prod"]


def test_a_refusal_waits_for_no_large_library() -> None:
    """Half a second each, which the help and a refusal do not need."""
    script = (
        "import sys\nfrom slipway.cli import program\n"
        "try: program()(['deploy', '--env', 'staging'])\nexcept SystemExit: pass\n"
        "print(sorted({'ansible', 'boto3', 'botocore', 'rich', 'yaml', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_make_needs_runs_with_the_standard_library_alone() -> None:
    """As in a fresh checkout: no site-packages, and a request is refused before anything is installed."""
    script = "import sys\nfrom slipway.launch import make\nmake.main('deploy')"
    own = {"SLIPWAY_GIVEN": "ENV", "SLIPWAY_GIVEN_ENV": "staging", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-S", "-c", script], cwd=ROOT, env=own, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "Choose one" in done.stderr) == (2, True)


def test_the_program_is_put_into_an_environment_and_moves_with_it(tmp_path: Path) -> None:
    venv = tmp_path / "first" / ".venv"
    install(venv)
    install(venv)
    (path,) = venv.rglob("slipway.pth")
    assert (path.parent / path.read_text().strip()).resolve() == tmp_path / "first"
    shutil.move(tmp_path / "first", tmp_path / "second")
    (path,) = (tmp_path / "second").rglob("slipway.pth")
    assert (path.parent / path.read_text().strip()).resolve() == tmp_path / "second"
    assert os.access(tmp_path / "second/.venv/bin/slipway", os.X_OK)
