"""A release in another place, of another account, with Debian 13's Python."""

from __future__ import annotations

import pytest
from testinfra.host import Host

RELEASES = "/srv/shop/releases"


@pytest.fixture
def release(host: Host) -> str:
    names = host.check_output(f"ls -A {RELEASES}").split()
    assert len(names) == 1
    return f"{RELEASES}/{names[0]}"


def test_the_account_can_run_it(host: Host, release: str) -> None:
    command = f"cd {release}/code && runuser -u shop -- env SLIPWAY_RELEASE=x ../venv/bin/python -B -c"
    program = "import main, sys; print(main.health()['status'], sys.version_info[:2])"
    assert host.check_output(f"{command} %s", program) == "ok (3, 13)"


def test_the_account_cannot_change_it(host: Host, release: str) -> None:
    assert (
        host.check_output(f"cd / && runuser -u shop -- find -L {release}/code {release}/venv -writable ! -type c") == ""
    )


def test_its_environment_is_the_accounts(host: Host, release: str) -> None:
    file = host.file(f"{release}/.env")
    assert (file.user, oct(file.mode)) == ("shop", "0o600")
    assert "AWS_REGION" in file.content_string


def test_nothing_is_made_where_the_default_is(host: Host) -> None:
    assert not host.file("/opt/backend").exists
