"""The environment file of a host without an artifact: another owner, no parameter, and a link to it."""

from __future__ import annotations

from testinfra.host import Host

FILE = "/srv/shop/shared/.env"


def test_only_the_account_can_read_it(host: Host) -> None:
    file = host.file(FILE)
    assert (file.user, file.group, oct(file.mode)) == ("root", "shop", "0o640")


def test_the_link_leads_to_it(host: Host) -> None:
    assert host.check_output("readlink /srv/shop/.env") == "shared/.env"


def test_systemd_reads_what_was_provided(host: Host) -> None:
    unit = "systemd-run --quiet --pipe --wait --uid=shop --property=EnvironmentFile=/srv/shop/.env"
    lines = host.check_output(f"{unit} env").splitlines()
    assert {"GREETING=two words", "AWS_REGION=eu-central-1"} <= set(lines)


def test_nothing_is_made_where_the_default_is(host: Host) -> None:
    assert not host.file("/opt/backend").exists
