"""The inventory as the tools read it: no host is reached in another account, or by a tag that cannot be trusted."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from moto import mock_aws

from slipway.operate import env_diff, health, hosts, releases, service
from slipway.operate.hosts import NoHostError
from tests.unit.repo.helpers import ROOT, own_plugin_loader

AWS = {"region": "us-east-1", "access_key": "sandbox", "secret_key": "sandbox"}
ACCOUNT = "123456789012"
HOST: dict[str, Any] = {
    "ansible_host": "{{ slipway_private_address }}",
    "slipway_private_address": "10.0.0.4",
    "ansible_user": "slipway",
    "slipway_instance_id": "i-0123456789abcdef0",
    "slipway_vpc_id": "vpc-1",
    "slipway_app": "shop",
    "slipway_env": "dev",
    "slipway_role": "app",
    "slipway_port": "8000",
    "slipway_health_path": "/health",
    "slipway_instance_profile": f"arn:aws:iam::{ACCOUNT}:instance-profile/slipway-dev-shop",
    "slipway_environment": "dev",
    "slipway_sandbox": False,
    "slipway_aws": AWS,
    "slipway_allowed": {
        "account_ids": [ACCOUNT],
        "vpc_ids": [],
        "apps": ["shop"],
        "buckets": ["shop-*"],
        "parameters": [],
    },
}


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account of that number, which nothing in the environment leads away from."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent/config")
    with own_plugin_loader(), mock_aws():
        yield


def inventory(folder: Path, **changes: Any) -> str:
    """An inventory with two hosts, of which the second has other variables."""
    path = folder / "hosts.yml"
    found = {"i-1": HOST, "i-2": {**HOST, **changes}}
    path.write_text(yaml.safe_dump({"all": {"children": {"slipway": {"hosts": found}}}}), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("command", ["status", "health", "releases", "env-diff --file=.env.example"])
def test_a_program_knows_the_plugin_of_the_sandbox(command: str) -> None:
    """As a process of its own: what a program imports first decides whether Ansible finds the collection's plugins."""
    done = subprocess.run(
        [ROOT / ".venv/bin/slipway", *command.split(), "--env=sandbox"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "WARNING" not in done.stderr
    assert "Traceback" not in done.stderr
    assert "unknown plugin" not in done.stderr


def test_what_can_be_trusted_is_told(tmp_path: Path) -> None:
    assert [(host.name, host.address, host.port) for host in hosts.find_hosts(inventory(tmp_path))] == [
        ("i-1", "10.0.0.4", 8000),
        ("i-2", "10.0.0.4", 8000),
    ]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"slipway_private_address": "evil -oProxyCommand=id"}, "ansible_host"),
        ({"slipway_port": "22"}, "slipway_port"),
        ({"slipway_app": "other"}, "slipway_app"),
        ({"slipway_deployments_bucket": "elsewhere"}, "slipway_deployments_bucket"),
    ],
)
def test_no_host_is_used_while_one_has_a_tag_that_cannot_be_trusted(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(NoHostError, match=f"(?s)The tags of i-2 cannot be trusted:.*{told}"):
        hosts.find_hosts(inventory(tmp_path, **changes))


def test_no_host_is_used_in_another_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HOST, "slipway_allowed", {**HOST["slipway_allowed"], "account_ids": ["999999999999"]})
    with pytest.raises(NoHostError, match=f"the credentials are those of account {ACCOUNT}, allowed is 999999999999"):
        hosts.find_hosts(inventory(tmp_path))


def test_a_redirected_endpoint_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(NoHostError, match="unset AWS_ENDPOINT_URL"):
        hosts.find_hosts(inventory(tmp_path))


def test_an_inventory_with_an_unknown_variable_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoHostError, match=r"(?s)cannot be told:.*nowhere_defined"):
        hosts.find_hosts(inventory(tmp_path, ansible_user="{{ nowhere_defined }}"))


@pytest.mark.parametrize("command", ["status", "logs", "shell", "run", "health", "releases", "ssh", "env-diff"])
def test_every_tool_asks_first(command: str, tmp_path: Path) -> None:
    """None has a way to the hosts of its own."""
    place = inventory(tmp_path, slipway_port="22")
    (tmp_path / ".env").write_text("A=1\n")
    calls: dict[str, Callable[[], Any]] = {
        "status": lambda: hosts.find_hosts(place),
        "logs": lambda: service.logs(place, None, 1, False, ""),
        "shell": lambda: service.shell(place, None),
        "run": lambda: service.run(place, None, "id"),
        "health": lambda: health.health(place),
        "releases": lambda: releases.show(place, 1, False),
        "ssh": lambda: hosts.ssh(place, None, []),
        "env-diff": lambda: env_diff.compare(place, "shop", tmp_path / ".env"),
    }
    with pytest.raises(NoHostError, match="cannot be trusted"):
        calls[command]()
