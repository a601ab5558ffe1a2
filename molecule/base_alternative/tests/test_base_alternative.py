"""Another account in another place, and more packages, on Debian 13."""

from __future__ import annotations

import pytest
from testinfra.host import Host


def test_the_system_is_debian_13(host: Host) -> None:
    assert (host.system_info.distribution, host.system_info.release.split(".")[0]) == ("debian", "13")


def test_account_has_the_chosen_name_and_home(host: Host) -> None:
    account = host.user("shop")
    assert account.exists
    assert (account.home, account.shell) == ("/srv/shop", "/usr/sbin/nologin")
    assert not host.user("backend").exists


@pytest.mark.parametrize("path", ["/srv/shop", "/srv/shop/shared", "/srv/shop/releases"])
def test_directories_are_roots(host: Host, path: str) -> None:
    directory = host.file(path)
    assert directory.is_directory
    assert (directory.user, directory.group, oct(directory.mode)) == ("root", "root", "0o755")


def test_nothing_is_made_where_the_default_is(host: Host) -> None:
    assert not host.file("/opt/backend").exists


@pytest.mark.parametrize("command", ["git --version", "jq --version", "aws --version"])
def test_common_and_additional_commands_work(host: Host, command: str) -> None:
    assert host.run(command).rc == 0
