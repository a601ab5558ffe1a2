"""The virtual environment in another place, with Debian 13's Python."""

from __future__ import annotations

from testinfra.host import Host

VENV = "/srv/tools/venv"


def test_it_runs_the_systems_python(host: Host) -> None:
    assert host.check_output(f"{VENV}/bin/python --version").startswith("Python 3.13.")


def test_modules_can_be_imported(host: Host) -> None:
    assert host.run(f"{VENV}/bin/python -c 'import boto3, psycopg, psycopg_binary'").rc == 0
    assert host.check_output(f"{VENV}/bin/uv --version").startswith("uv ")


def test_the_additional_package_is_installed(host: Host) -> None:
    assert host.package("libffi-dev").is_installed


def test_nothing_is_made_where_the_default_is(host: Host) -> None:
    assert not host.file("/opt/slipway/venv").exists


def test_nobody_but_root_can_change_it(host: Host) -> None:
    assert host.check_output(f"find {VENV}/ ! -user root -o -perm /022 ! -type l") == ""
