"""The files of the release."""

from __future__ import annotations

import json

import pytest
from testinfra.host import Host

RELEASES = "/opt/backend/releases"


@pytest.fixture
def release(host: Host) -> str:
    names = host.check_output(f"ls -A {RELEASES}").split()
    assert len(names) == 1, "no other release, and no half-made one"
    return f"{RELEASES}/{names[0]}"


def test_it_holds_all_parts(host: Host, release: str) -> None:
    assert {"code", "venv", ".env", "release.env", "manifest.json"} <= set(
        host.check_output(f"ls -A {release}").split()
    )
    variables = host.file(f"{release}/release.env").content_string.splitlines()
    assert variables == [f"SLIPWAY_RELEASE={release.rsplit('/', 1)[1]}", "SLIPWAY_APP=main:app"]


def test_the_account_can_run_it(host: Host, release: str) -> None:
    command = f"cd {release}/code && runuser -u backend -- env SLIPWAY_RELEASE=x ../venv/bin/python -B -c"
    assert host.check_output(f"{command} %s", "import main; print(main.health()['status'])") == "ok"


def test_the_account_cannot_change_it(host: Host, release: str) -> None:
    assert host.check_output(f"runuser -u backend -- find -L {release}/code {release}/venv -writable ! -type c") == ""


def test_only_the_account_reads_the_env_and_only_root_changes_it(host: Host, release: str) -> None:
    file = host.file(f"{release}/.env")
    assert (file.user, file.group, oct(file.mode)) == ("root", "backend", "0o640")
    assert host.run("runuser -u backend -- test -r %s", file.path).rc == 0
    assert "AWS_REGION" in file.content_string


def test_the_manifest_names_the_code(host: Host, release: str) -> None:
    manifest = json.loads(host.file(f"{release}/manifest.json").content_string)
    assert "code/main.py" in json.dumps(manifest)
