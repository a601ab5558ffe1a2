"""No secret is where it does not belong: output at any verbosity, state, plan, reports, journal, command lines."""

from __future__ import annotations

import base64
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from tests.e2e.run import ROOT, Run, play
from tests.e2e.world import World

WORK = ROOT / ".slipway" / "sandbox" / "location-content"
# Where a host may hold a secret: in the files that are made for it, and nowhere else.
HOST_PLACES = "/tmp /var/tmp /etc /var/log /opt/slipway/etc /opt/slipway/lib /root /home /run/backend-verify"


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


def forms(secret: str) -> set[bytes]:
    """A secret as it is, and as base64, URL, JSON and hex would carry it."""
    raw = secret.encode()
    inner = base64.b64encode(raw).rstrip(b"=")[:-1]  # the last character depends on what follows
    return {raw, inner, quote(secret, safe="").encode(), json.dumps(secret)[1:-1].encode(), raw.hex().encode()}


def leaks(secrets: dict[str, str], content: bytes) -> list[str]:
    """Names of the secrets that the content holds in any form."""
    return [name for name, secret in secrets.items() if any(form in content for form in forms(secret))]


def files(folder: Path) -> Iterable[tuple[str, bytes]]:
    """Every file below a folder, and every member of those that are archives, as a saved plan is."""
    for path in folder.rglob("*"):
        if not path.is_file() or path.is_symlink() or "providers" in path.parts:
            continue
        yield str(path), path.read_bytes()
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield from ((f"{path}:{name}", archive.read(name)) for name in archive.namelist())


@pytest.fixture(scope="module")
def talkative(world: World) -> Run:
    """A whole run with everything that Ansible can be made to say."""
    return play("site.yml", "--diff", "-vvvv")


def test_the_search_finds_what_is_there(secrets: dict[str, str]) -> None:
    for name, secret in secrets.items():
        for form in forms(secret):
            assert leaks(secrets, b"before " + form + b" after") == [name]


def test_output(secrets: dict[str, str], talkative: Run, first_run: Run, second_run: Run) -> None:
    assert talkative.code == 0, talkative.output[-3000:]
    for run in (talkative, first_run, second_run):
        assert leaks(secrets, run.output.encode()) == []


def test_output_of_a_failure(secrets: dict[str, str], world: World) -> None:
    world.database.pause()
    try:
        failed = play("playbooks/configure.yml", "--diff", "-vvvv")
    finally:
        world.database.unpause()
    assert failed.code != 0
    assert leaks(secrets, failed.output.encode()) == []


def test_plans_reports_and_the_sandboxs_log(secrets: dict[str, str], talkative: Run, world: World) -> None:
    assert [(name, leaks(secrets, body)) for name, body in files(WORK) if leaks(secrets, body)] == []
    assert leaks(secrets, world.settings.log_file.read_bytes()) == []


def test_state(secrets: dict[str, str], world: World) -> None:
    s3 = world.client("s3")
    bucket = world.settings.state_bucket
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert "sandbox/location-content/terraform.tfstate" in keys
    for key in keys:
        assert leaks(secrets, s3.get_object(Bucket=bucket, Key=key)["Body"].read()) == []


def test_the_hosts_journal_and_files(secrets: dict[str, str], talkative: Run, world: World) -> None:
    journal = world.shell("journalctl --no-pager -o verbose")
    assert "backend" in journal
    assert leaks(secrets, journal.encode()) == []
    content = world.shell(f"find {HOST_PLACES} -xdev -type f -size -2M -exec cat {{}} + 2>/dev/null | base64 -w0")
    assert leaks(secrets, base64.b64decode(content)) == []


def test_command_lines_and_the_units_properties(secrets: dict[str, str], world: World) -> None:
    shown = world.shell("cat /proc/[0-9]*/cmdline; systemctl show backend; systemctl cat backend")
    assert "uvicorn" in shown
    assert leaks(secrets, shown.encode()) == []


def test_tags(secrets: dict[str, str], world: World) -> None:
    assert leaks(secrets, json.dumps(world.tags).encode()) == []
