"""A control node with Debian 13's Python has the current ansible-core, and does the same as this machine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.e2e.control_node import ControlNode, debian_13
from tests.e2e.run import ROOT
from tests.e2e.world import World

ANSIBLE = str(ROOT / ".venv" / "bin" / "ansible")
PLAYBOOK, INVENTORY = f"{ANSIBLE}-playbook", f"{ANSIBLE}-inventory"
PYTHON = str(ROOT / ".venv" / "bin" / "python")


@pytest.fixture(scope="module")
def node(world: World) -> Iterator[ControlNode]:
    """Debian 13 with the packages of a control node, made as `make venv` does."""
    with debian_13("runtime") as container:
        made = container.run("python3", "-m", "slipway.launch", "venv")
        assert made.code == 0, made.output
        yield container


def test_it_has_the_current_ansible_core(node: ControlNode) -> None:
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    current = re.search(r"^ansible-core==(\S+) ; python_full_version >= '3.12'", lock, re.MULTILINE)
    assert current is not None
    shown = node.run(ANSIBLE, "--version").output
    assert f"core {current[1]}]" in shown
    assert "python version = 3.13." in shown


def test_every_playbook_can_be_read(node: ControlNode) -> None:
    playbooks = ["site.yml", *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "playbooks").glob("*.yml")))]
    done = node.run(PLAYBOOK, "--syntax-check", *playbooks)
    assert done.code == 0, done.output


def test_the_inventory_finds_the_hosts_and_their_variables(node: ControlNode) -> None:
    done = node.run("sh", "-c", f"{INVENTORY} --list 2>/dev/null")
    assert done.code == 0, done.output
    found = json.loads(done.output)
    hosts = found["slipway"]["hosts"]
    assert hosts
    assert all(found["_meta"]["hostvars"][host]["slipway_app"] for host in hosts)


def test_a_whole_run_succeeds(node: ControlNode) -> None:
    done = node.run(PLAYBOOK, "site.yml")
    assert done.code == 0, done.output[-4000:]


@pytest.mark.long
def test_the_unit_tests_of_plugins_pass() -> None:
    git = "apt-get update -q && apt-get install -qy --no-install-recommends git"
    with debian_13("all") as container:
        installed = container.run("sh", "-c", git)
        assert installed.code == 0, installed.output
        made = container.run("python3", "-m", "slipway.launch", "venv")
        assert made.code == 0, made.output
        # The plays run these in Ansible's own process or on the control node, so they meet its Python.
        done = container.run(
            PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not long", "-n", "2", "--dist", "loadfile",
            "tests/unit/plugins", "tests/unit/roles",
        )  # fmt: skip
        assert done.code == 0, done.output[-4000:]
