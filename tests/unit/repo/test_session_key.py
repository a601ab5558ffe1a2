"""SSH inside a session of Session Manager needs a key pair: a host without one is named before it is waited for."""

from __future__ import annotations

from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.slipway.fastapi.plugins.plugin_utils._tag_schema import tag_schema

from tests.unit.repo.helpers import ROOT, yaml_of


def keyless(*hosts: dict[str, str]) -> Any:
    """The hosts that the play refuses."""
    (play,) = [play for play in yaml_of(ROOT / "playbooks" / "hosts.yml") if play.get("hosts") == "localhost"]
    (task,) = [task for task in play["tasks"] if "__hosts_keyless" in task.get("vars", {})]
    assert task["ansible.builtin.assert"]["that"] == "__hosts_keyless | length == 0"
    named = {host["inventory_hostname"]: host for host in hosts}
    variables = {"groups": {"slipway": list(named)}, "hostvars": named}
    expression = trust_as_template(task["vars"]["__hosts_keyless"])
    return Templar(loader=DataLoader(), variables=variables).template(expression)


def host(name: str, connection: str, key_pair: str) -> dict[str, str]:
    return {"inventory_hostname": name, "slipway_connection": connection, "slipway_key_pair": key_pair}


def test_a_host_without_a_key_pair_is_named_where_the_connection_is_a_session() -> None:
    hosts = [host("i-1", "ssm", ""), host("i-2", "ssm", "prod"), host("i-3", "ssh_public", "")]
    assert keyless(*hosts) == ["i-1"]


def test_no_host_is_no_fault() -> None:
    assert keyless() == []


def test_the_inventory_knows_the_key_pair() -> None:
    assert tag_schema().compose["slipway_key_pair"] == "ec2_key_name | default('')"
