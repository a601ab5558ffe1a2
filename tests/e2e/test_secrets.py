"""No secret is in a wrong place: output at any verbosity, state, plan, reports, journal, command lines."""

from __future__ import annotations

import base64
import json
import secrets as randomness
import subprocess
from urllib.parse import urlsplit

import pytest

from tests.e2e.run import Run, play, run
from tests.e2e.sinks import SINKS, CommandLines, Sink, forms, leaks
from tests.e2e.world import World


@pytest.fixture(scope="module")
def secrets(world: World) -> dict[str, str]:
    """Every secret of the app, by name."""
    found = {}
    for line in world.settings.app_env.read_text().splitlines():
        name, _, value = line.partition("=")
        if name.endswith("_KEY"):
            found[name] = value
    ssm = world.client("ssm")
    url = ssm.get_parameter(Name=world.tags["slipway:database-parameter"], WithDecryption=True)["Parameter"]["Value"]
    found["DATABASE_URL's password"] = str(urlsplit(url.split("=", 1)[1].strip()).password)
    database = world.client("rds").describe_db_instances()["DBInstances"][0]
    secret = world.client("secretsmanager").get_secret_value(SecretId=database["MasterUserSecret"]["SecretArn"])
    found["the master password"] = json.loads(secret["SecretString"])["password"]
    assert len(found) == 4
    assert min(map(len, found.values())) >= 16
    return found


def test_the_search_finds_every_form(secrets: dict[str, str]) -> None:
    for name, secret in secrets.items():
        for form in forms(secret):
            assert leaks(secrets, b"before " + form + b" after") == [name]


@pytest.mark.parametrize("before", range(4))
def test_the_search_finds_a_secret_encoded_with_its_surroundings(before: int) -> None:
    planted = {"planted": "p/+=?&" + randomness.token_urlsafe(16)}
    text = b"x" * before + planted["planted"].encode() + b"\nNEXT=1\n"
    for encoded in (base64.b64encode(text), base64.urlsafe_b64encode(text), text.hex().encode()):
        assert leaks(planted, encoded) == ["planted"]
    assert leaks({"other": randomness.token_hex(16)}, base64.b64encode(text)) == []


def test_output_and_command_lines_have_no_secret(
    secrets: dict[str, str], loud_run: tuple[Run, bytes], first_run: Run, second_run: Run
) -> None:
    loud, lines = loud_run
    assert loud.code == 0, loud.output[-3000:]
    assert b"site.yml" in lines
    for content in (lines, *(each.output.encode() for each in (loud, first_run, second_run))):
        assert leaks(secrets, content) == []


# `loud_run` has the highest verbosity.
@pytest.mark.long
@pytest.mark.parametrize("verbosity", ["", "-v", "-vv", "-vvv"], ids=lambda each: each or "quiet")
def test_output_of_a_short_run_has_no_secret(secrets: dict[str, str], world: World, verbosity: str) -> None:
    quiet = play("playbooks/release.yml", "--diff", *verbosity.split())
    assert quiet.code == 0, quiet.output[-3000:]
    assert leaks(secrets, quiet.output.encode()) == []


@pytest.mark.parametrize(
    "verbosity",
    [*(pytest.param(each, id=each or "quiet", marks=pytest.mark.long) for each in ("", "-v", "-vv", "-vvv")), "-vvvv"],
)
def test_output_of_a_failure_has_no_secret(secrets: dict[str, str], world: World, verbosity: str) -> None:
    world.database.pause()
    try:
        failed = play("playbooks/configure.yml", "--diff", *verbosity.split())
    finally:
        world.database.unpause()
    assert failed.code != 0
    assert leaks(secrets, failed.output.encode()) == []


def test_the_search_would_find_a_leak_in_output() -> None:
    planted = {"planted": randomness.token_hex(16)}
    said = run([".venv/bin/ansible", "localhost", "-m", "ansible.builtin.debug", "-a", f"msg={planted['planted']}"])
    assert leaks(planted, said.output.encode()) == ["planted"]


def test_the_search_would_find_a_leak_in_a_command_line() -> None:
    planted = {"planted": randomness.token_hex(16)}
    with CommandLines() as lines:
        subprocess.run(["sh", "-c", f"sleep 1; : {planted['planted']}"], check=True)
    assert leaks(planted, b"\n".join(lines.seen)) == ["planted"]


@pytest.mark.parametrize("sink", SINKS, ids=[sink.name for sink in SINKS])
def test_no_place_has_a_secret_and_a_planted_one_is_found(
    secrets: dict[str, str], loud_run: tuple[Run, bytes], world: World, sink: Sink
) -> None:
    planted = {"planted": randomness.token_hex(16)}
    content = sink.read(world)
    assert leaks(secrets, content) == []
    with sink.plant(world, planted["planted"]):
        assert leaks(planted, sink.read(world)) == ["planted"]
    assert leaks(planted, content) == []
