"""A release in another place, of another account, with Debian 13's Python, and with a package that attacks the host."""

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


def test_its_environment_is_for_the_account_to_read(host: Host, release: str) -> None:
    file = host.file(f"{release}/.env")
    assert (file.user, file.group, oct(file.mode)) == ("root", "shop", "0o640")
    assert "AWS_REGION" in file.content_string


def test_a_package_that_stays_is_ended_with_the_build(host: Host) -> None:
    trace = host.file("/var/cache/slipway/shop/trace").content_string
    assert "NoNewPrivs:\t1" in trace, "it was there, and had the restrictions of the service"
    assert host.run("ps -u shop -o args=").stdout == ""
    assert host.run("systemctl list-units --all --no-legend 'slipway-build-*'").stdout == ""


def test_a_package_changes_nothing_of_the_host(host: Host, release: str) -> None:
    assert set(host.file("/var/cache/slipway/shop/trace").content_string.splitlines()) == {"NoNewPrivs:\t1"}
    for path in ("/srv/shop/shared/.env", f"{release}/.env"):
        assert host.file(path).content_string == "AWS_REGION=us-east-1\n"
    assert not host.file("/etc/cron.d/intruder").exists


def test_nothing_is_made_where_the_default_is(host: Host) -> None:
    assert not host.file("/opt/backend").exists
