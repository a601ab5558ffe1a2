"""The virtual environment of Slipway's modules, as they use it."""

from __future__ import annotations

import pytest
from testinfra.host import Host

PYTHON = "/opt/slipway/venv/bin/python"


@pytest.mark.parametrize("module", ["boto3", "psycopg", "psycopg_binary"])
def test_modules_can_be_imported(host: Host, module: str) -> None:
    assert host.run(f"{PYTHON} -c 'import psycopg, {module}'").rc == 0


def test_uv_is_at_hand(host: Host) -> None:
    assert host.check_output("/opt/slipway/venv/bin/uv --version").startswith("uv ")


def test_virtual_environments_can_be_made(host: Host) -> None:
    assert host.run("python3 -m venv --without-pip /tmp/probe && /tmp/probe/bin/python -c ''").rc == 0


def test_nobody_but_root_can_change_it(host: Host) -> None:
    assert host.run("find /opt/slipway/venv/ ! -user root -o -perm /022 ! -type l").stdout == ""
