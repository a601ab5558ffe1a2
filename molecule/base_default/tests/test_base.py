"""The account, its directories and the packages, as somebody on the host would see them."""

from __future__ import annotations

import pytest
from testinfra.host import Host


def test_account_runs_services_and_cannot_log_in(host: Host) -> None:
    account = host.user("backend")
    assert account.exists
    assert account.uid < 1000
    assert account.home == "/opt/backend"
    assert account.shell == "/usr/sbin/nologin"
    assert host.run("passwd --status backend").stdout.split()[1] == "L"


@pytest.mark.parametrize("path", ["/opt/backend", "/opt/backend/shared", "/opt/backend/releases"])
def test_account_cannot_write_where_releases_lie(host: Host, path: str) -> None:
    directory = host.file(path)
    assert directory.is_directory
    assert (directory.user, directory.group, oct(directory.mode)) == ("root", "root", "0o755")
    assert host.run(f"runuser -u backend -- test -w {path}").rc != 0


@pytest.mark.parametrize("command", ["curl --version", "git --version", "unzip -v"])
def test_common_commands_work(host: Host, command: str) -> None:
    assert host.run(command).rc == 0


def test_no_time_service_where_the_clock_is_the_machines(host: Host) -> None:
    assert host.run("systemd-detect-virt --container").rc == 0
    assert not host.package("chrony").is_installed
