"""`make ssh`: how hosts are read from an inventory and reached."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

from slipway.operate import hosts
from slipway.operate.hosts import Host, NoHostError
from tests.unit.repo.helpers import own_plugin_loader


def host(name: str = "i-1", **changes: object) -> Host:
    """A host with everything that is not under test filled in."""
    values: dict[str, object] = {
        **{"address": "10.0.0.4", "user": "slipway", "key": "", "options": "", "public": "", "port": 8000},
        **{"health": "/health", "app": "shop"},
    }
    return Host(name=name, **values | changes)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def trust(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Account and tags are those of tests/unit/slipway/operate/test_inventory.py."""
    monkeypatch.setattr(hosts, "account_problems", lambda _: [])
    monkeypatch.setattr(hosts, "tag_problems", lambda _: [])
    with own_plugin_loader():
        yield


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """An inventory of one host, with templates as ours have them."""
    variables = {
        "ansible_host": "10.0.0.4",
        "ansible_user": "slipway",
        "ansible_ssh_private_key_file": "{{ inventory_dir }}/a key",
        "ansible_ssh_common_args": (
            '-o UserKnownHostsFile="{{ inventory_dir }}/known hosts" -o HostKeyAlias={{ slipway_instance_id }}'
        ),
        "slipway_instance_id": "i-1",
        "slipway_port": "8000",
        "slipway_health_path": "/health",
        "slipway_app": "shop",
    }
    path = tmp_path / "hosts.yml"
    path.write_text(yaml.safe_dump({"all": {"children": {"slipway": {"hosts": {"i-1": variables}}}}}), encoding="utf-8")
    return path


def test_a_host_is_reached_by_the_options_that_ansible_resolved(inventory: Path) -> None:
    (found,) = hosts.find_hosts(str(inventory))
    place = inventory.parent
    assert found.ssh(["uptime"]) == [
        *("ssh", "-o", f"UserKnownHostsFile={place}/known hosts", "-o", "HostKeyAlias=i-1"),
        *("-i", f"{place}/a key", "slipway@10.0.0.4", "uptime"),
    ]
    assert found.health_url() == "http://10.0.0.4:8000/health"


def test_no_host_says_how_to_make_one(tmp_path: Path) -> None:
    empty = tmp_path / "hosts.yml"
    empty.write_text("all: {}\n", encoding="utf-8")
    with pytest.raises(NoHostError, match="make site"):
        hosts.find_hosts(str(empty))


def test_an_inventory_that_could_not_be_read_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "hosts.yml"
    broken.write_text("all: [\n", encoding="utf-8")
    with pytest.raises(NoHostError, match=r"Completely failed to parse inventory source .*hosts.yml") as caught:
        hosts.find_hosts(str(broken))
    assert "make site" not in str(caught.value)


@pytest.mark.parametrize(
    ("running", "words"),
    [
        ([], "No running host of dev was found. Provision it first: make apply ENV=dev"),
        (["i-1"], "The inventory of dev could not be read: it is empty, and EC2 has i-1 running"),
    ],
)
def test_a_play_tells_an_unread_inventory_from_no_host(running: list[str], words: str) -> None:
    plays = yaml.safe_load((Path(__file__).parents[3] / "playbooks" / "hosts.yml").read_text("utf-8"))
    tasks = {task["name"]: task for play in plays for task in play.get("tasks", [])}
    task = tasks["Check that the inventory has a host"]
    engine = NativeEnvironment()
    facts = {"slipway_environment": "dev", "__hosts_fleet": {"instances": running}}
    told = {name: engine.from_string(text).render(facts) for name, text in task["vars"].items()}
    message = engine.from_string(task["ansible.builtin.assert"]["fail_msg"]).render({**facts, **told})
    assert message.startswith(words)


def test_one_host_needs_no_choice() -> None:
    assert hosts.choose([host()], None).name == "i-1"


@pytest.mark.parametrize(("names", "wanted"), [(["i-1", "i-2"], None), (["i-1"], "i-9")])
def test_a_choice_that_cannot_be_made_names_the_hosts(names: list[str], wanted: str | None) -> None:
    with pytest.raises(NoHostError, match=r"i-1 \(shop\)"):
        hosts.choose([host(name) for name in names], wanted)


def test_the_public_address_is_asked_where_there_is_one() -> None:
    assert host(public="198.51.100.7").health_url() == "http://198.51.100.7:8000/health"
