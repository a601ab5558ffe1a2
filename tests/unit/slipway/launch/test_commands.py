"""Requests become the command lines of programs, or are refused before anything is started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from slipway.launch import commands
from slipway.launch.request import GIVEN, PREFIX, Request, RequestError, extra_vars, unused

SHA = "0" * 40
INSTANCE = "i-0123456789abcdef0"
ATTACKS = (
    "x'; touch PWNED; echo '",
    "$(shell touch PWNED)",
    "x\ntouch PWNED",
    "it's",
    'x"y',
    "{{ lookup('pipe', 'touch PWNED') }}",
    "--vault-password-file=./evil",
    "\\",
    "\u202e\U0001f600\x7f\x85",
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a person stands: with applications and a `.env`."""
    for application in ("app", "my app", "it's"):
        (tmp_path / application).mkdir()
        (tmp_path / application / "main.py").write_text("app = None\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "api.py").write_text("app = None\n")
    (tmp_path / ".env").write_text("KEY=value\n")
    (tmp_path / "wrong.env").write_text("JUSTAWORD\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def argv(target: str, *arguments: str) -> list[str]:
    """What the program of a target is called with; the program without its folder."""
    given = dict(word.split("=", 1) for word in arguments if "=" in word)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(commands.GOALS, " ".join(word for word in arguments if "=" not in word))
        program, *rest = commands.COMMANDS[target].build(Request(given))
    return [Path(program).name, *rest]


def refusal(target: str, *arguments: str) -> str:
    """Why a request is refused."""
    with pytest.raises(RequestError) as raised:
        argv(target, *arguments)
    return str(raised.value)


class Unsafe(yaml.SafeLoader):
    """Reads texts with Ansible's tag `!unsafe`."""


def unsafe(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    """A text with the tag, made known by what it begins with."""
    return f"unsafe:{loader.construct_scalar(node)}"


Unsafe.add_constructor("!unsafe", unsafe)


def values_of(words: list[str]) -> dict[str, Any]:
    """The variables that ansible-playbook is given. Each value must be marked, so that no template in it is run."""
    read: dict[str, str] = yaml.load(words[words.index("-e") + 1], Loader=Unsafe)
    assert all(value.startswith("unsafe:") for value in read.values())
    return {name: value[len("unsafe:") :] for name, value in read.items()}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize(
    ("target", "others"),
    [
        ("publish APP", ()),
        ("deploy APP", ()),
        ("publish GIT", (f"COMMIT={SHA}",)),
        ("publish COMMIT", ("GIT=https://git.example.com/x",)),
        ("publish MODULE", ("APP=app",)),
        ("deploy MODULE", ()),
        ("env-push FILE", ()),
        ("env-diff FILE", ()),
        ("rollback TO", ()),
        ("status ENV", ()),
        ("deploy BLUEPRINT", ()),
        ("logs HOST", ()),
        ("shell HOST", ()),
        ("ssh HOST", ()),
        ("run HOST", ("CMD=true",)),
        ("maintenance STATE", ()),
        ("interruptions ROUNDS", ()),
        ("interruptions SEED", ()),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(target: str, others: tuple[str, ...], attack: str) -> None:
    name, variable = target.split()
    if attack == "it's" and variable in ("APP", "GIT"):
        assert any(value.endswith("/it's") for value in values_of(argv(name, f"{variable}={attack}", *others)).values())
    else:
        assert refusal(name, f"{variable}={attack}", *others)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_value_that_a_program_takes_arrives_as_it_is(attack: str) -> None:
    tool = ["--env=sandbox", "--", attack]
    assert argv("run", f"CMD={attack}") == ["slipway", "run", *tool]
    assert argv("ssh", f"ARGS={attack}") == ["slipway", "ssh", *tool]
    assert argv("doctor", f"APP={attack}") == ["slipway", "doctor", "--", attack]
    git = values_of(argv("publish", "GIT=git@git.example.com:x", f"COMMIT={SHA}", f"APP={attack}"))
    assert git["artifact_path"] == attack


def test_options_are_parted_as_by_a_shell_and_not_expanded() -> None:
    assert argv("status", "ARGS=--json 'a b' $(id) `id`; ~ *")[-6:] == ["--json", "a b", "$(id)", "`id`;", "~", "*"]
    assert "close each quotation mark" in refusal("status", "ARGS=it's")


def test_ansible_takes_a_value_for_no_template() -> None:
    """Read as ansible-playbook reads it, with what would be a template, and with characters that YAML forbids."""
    text = '{{ 6 * 7 }} \u202e\U0001f600\x7f\x85\\"'
    loader = DataLoader()
    variables = loader.load(extra_vars({"dir": text})[1])
    assert Templar(loader, variables).template(trust_as_template("{{ dir }}")) == text


def test_a_value_that_is_no_text_is_refused() -> None:
    with pytest.raises(RequestError, match="APP is no text in UTF-8"):
        Request.read({GIVEN: "APP", PREFIX + "APP": "\udcff"})


def test_only_what_the_command_line_has_is_read() -> None:
    assert Request.read({GIVEN: " ENV ", PREFIX + "ENV": "dev", PREFIX + "APP": "x"}).values == {"ENV": "dev"}


def test_an_environment_of_the_shell_is_told() -> None:
    shell = {"ENV": "prod"}
    assert "for prod write: make … ENV=prod" in unused(Request({}), shell)
    assert unused(Request({"ENV": "dev"}), shell) == ""
    assert unused(Request({}), {"ENV": "/etc/shrc"}) == ""


def playbook(name: str, **values: str) -> tuple[list[str], dict[str, str]]:
    """What is expected of a playbook's call."""
    return ["ansible-playbook", "-i", "inventories/sandbox", name], {"blueprint": "location-content"} | values


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("publish", "APP=./my app"), playbook("playbooks/publish.yml", dir="{top}/my app")),
        (("publish", "APP=it's"), playbook("playbooks/publish.yml", dir="{top}/it's")),
        (
            ("publish", "GIT=git@git.example.com:team/x.git", f"COMMIT={SHA}", "APP=backend", "MODULE=api:app"),
            playbook(
                "playbooks/publish.yml",
                artifact_repository="git@git.example.com:team/x.git",
                artifact_commit=SHA,
                artifact_path="backend",
                publish_app="api:app",
            ),
        ),
        (
            ("publish", "GIT=app", f"COMMIT={SHA}"),
            playbook("playbooks/publish.yml", artifact_repository="{top}/app", artifact_commit=SHA, artifact_path=""),
        ),
        (("deploy",), playbook("playbooks/deploy.yml")),
        (("site",), playbook("site.yml")),
        (("site", "APP=app", "FILE=.env"), playbook("site.yml", dir="{top}/app", file="{top}/.env")),
        (
            ("deploy", "APP=app", "MODULE=none"),
            playbook("playbooks/deploy.yml", dir="{top}/app", publish_app="none"),
        ),
        (("rollback", "TO=2"), playbook("playbooks/rollback.yml", to="2")),
        (("rollback",), playbook("playbooks/rollback.yml")),
        (("env-push", "MORE=yes"), playbook("playbooks/env_push.yml", file="{top}/.env", more="true")),
        (("maintenance", "ON"), playbook("playbooks/maintenance.yml", maintenance="on")),
        (("maintenance", "off"), playbook("playbooks/maintenance.yml", maintenance="off")),
        (("maintenance", "STATE=ON"), playbook("playbooks/maintenance.yml", maintenance="on")),
    ],
)
def test_a_playbook_gets_what_was_written(
    folder: Path, arguments: tuple[str, ...], expected: tuple[list[str], dict[str, str]]
) -> None:
    head, values = expected
    words = argv(*arguments)
    assert words[:4] == head
    assert values_of(words) == {name: value.format(top=folder) for name, value in values.items()}
    assert len(words) == 6


def test_more_options_come_last() -> None:
    words = argv("release", 'ARGS=--check -e "a=b c"', "ENV=dev", "BLUEPRINT=gap-fill")
    assert words[:4] == ["ansible-playbook", "-i", "inventories/dev", "playbooks/release.yml"]
    assert values_of(words) == {"blueprint": "gap-fill"}
    assert words[-3:] == ["--check", "-e", "a=b c"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("publish",), "make publish APP=./dir"),
        (("publish", "APP=/nonexistent/app"), "/nonexistent/app is no directory"),
        (("publish", "APP=app", "MODULE=other:app"), "has no other.py"),
        (("publish", "APP=other"), "has no main.py"),
        (("deploy", "APP=app", "MODULE=main"), "MODULE=module:name"),
        (("publish", "GIT=https://git.example.com/x", "COMMIT=main"), "is no whole commit"),
        (("publish", "GIT=https://me:secret@git.example.com/x", f"COMMIT={SHA}"), "holds a user name or a password"),
        (("publish", f"COMMIT={SHA}"), "GIT is missing"),
        (("env-push", "FILE=/nonexistent/.env"), "/nonexistent/.env cannot be read"),
        (("env-diff", "FILE=wrong.env"), "is not a strict .env file"),
        (("rollback", "TO=nonsense"), "'nonsense' is no release: say an id as `make releases` shows it"),
        (("rollback", "TO=0"), "0 releases back is the one that serves"),
        (("rollback", "TO=²"), "is no release"),
        (("run",), 'make run CMD="python -m x"'),
        (("status", "ENV=sandbox dev"), "There is no environment 'sandbox dev'"),
        (("status", "ENV="), "There is no environment ''"),
        (("maintenance",), "make maintenance ON, or make maintenance OFF"),
        (("maintenance", "PERHAPS"), "make maintenance ON, or make maintenance OFF"),
        (("maintenance", "ON", "OFF"), "make maintenance ON, or make maintenance OFF"),
        (("maintenance", "STATE=1"), "make maintenance ON, or make maintenance OFF"),
        (("logs", "HOST=web"), "HOST=i-"),
        (("interruptions", "ROUNDS=many"), "ROUNDS=7"),
        (("app",), "make app APP=../svc"),
        (("app", "APP=app", "DATABASE=maybe"), "DATABASE=yes or DATABASE=no"),
        (("env",), "make env ENV=dev"),
        (("env", "ENV=staging"), "There is no environment 'staging'"),
        (("env", "ENV=dev", "REGION=here"), "REGION=eu-central-1"),
        (("site", "FILE=wrong.env"), "is not a strict .env file"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_before_anything(arguments: tuple[str, ...], told: str) -> None:
    assert told in refusal(*arguments)


@pytest.mark.parametrize(
    "target", [name for name in commands.COMMANDS if name not in ("app", "doctor", "env", "mutate", "interruptions")]
)
def test_an_unknown_environment_or_blueprint_is_refused(target: str) -> None:
    right = {"publish": ["APP=app"], "run": ["CMD=id"], "maintenance": ["ON"]}.get(target, [])
    assert argv(target, *right)
    assert "There is no environment 'staging'. Choose one: make … ENV=<" in refusal(target, "ENV=staging", *right)
    told = refusal(target, "BLUEPRINT=unheard-of", *right)
    assert "There is no blueprint 'unheard-of'. Choose one: make … BLUEPRINT=<" in told


def test_another_variable_of_ansible_may_say_what_runs() -> None:
    """The folder lacks main.py: the module judges it, which knows all variables."""
    assert argv("publish", "APP=other", "ARGS=-e service_app=api:app")[-1] == "service_app=api:app"


def test_answers_are_passed_on() -> None:
    assert argv("app", "APP=app", "NAME=conduit", "DATABASE=no")[2:] == [
        f"--app={Path('app').resolve()}",
        "--name=conduit",
        "--database=no",
    ]
    assert argv("env", "ENV=dev", "CIDR=203.0.113.7/32", "KEY_FILE=~/k", "PUBLIC=yes")[1:] == [
        "env",
        "--env=dev",
        "--cidr=203.0.113.7/32",
        "--key-file=~/k",
        "--public",
    ]


def test_a_host_is_passed_on() -> None:
    assert argv("logs", f"HOST={INSTANCE}", "ARGS=--lines 5")[-3:] == [f"--host={INSTANCE}", "--lines", "5"]
    assert argv("run", f"HOST={INSTANCE}", "CMD=id; pwd")[-3:] == [f"--host={INSTANCE}", "--", "id; pwd"]
