"""How each inventory reaches its hosts, in each mode, as Ansible resolves it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.unit.repo.helpers import ROOT

HOST = {
    "slipway_instance_id": "i-0123456789abcdef0",
    "slipway_private_address": "10.0.0.4",
    "slipway_public_address": "203.0.113.9",
    "slipway_region": "eu-central-1",
}


def resolved(environment: str, tmp_path: Path, **changes: str) -> dict[str, Any]:
    """What Ansible makes of the inventory's variables for one host."""
    inventory = tmp_path / "inventory"
    inventory.mkdir()
    for name in ("group_vars", "shared.yml"):
        (inventory / name).symlink_to(ROOT / "inventories" / environment / name)
    variables = " ".join(f"{name}={value}" for name, value in {**HOST, **changes}.items())
    (inventory / "hosts").write_text(f"[slipway]\ni-0123456789abcdef0 {variables}\n")
    question = "{{ {'host': ansible_host, 'options': ansible_ssh_common_args} | to_json }}"
    out = tmp_path / "out"
    done = subprocess.run(
        [
            *(ROOT / ".venv" / "bin" / "ansible", "slipway", "-i", str(inventory), "-m", "ansible.builtin.debug"),
            *("-a", f"msg={json.dumps(question)}", "--tree", str(out)),
        ],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((out / "i-0123456789abcdef0").read_text())["msg"]
    return dict(found if isinstance(found, dict) else json.loads(found))


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_a_session_is_plain_ssh_by_a_proxy_command(environment: str, tmp_path: Path) -> None:
    found = resolved(environment, tmp_path, slipway_connection="ssm")
    assert found["host"] == HOST["slipway_instance_id"]
    options = shlex.split(found["options"])
    assert [option for option in options if option.startswith("ProxyCommand=")] == [
        "ProxyCommand=aws ssm start-session --target %h --document-name AWS-StartSSHSession "
        "--parameters portNumber=%p --region eu-central-1"
    ]
    assert f"HostKeyAlias={HOST['slipway_instance_id']}" in options


@pytest.mark.parametrize("environment", ["sandbox", "dev", "prod"])
@pytest.mark.parametrize(("mode", "address"), [("ssh_public", "203.0.113.9"), ("ssh_private", "10.0.0.4")])
def test_an_address_is_reached_directly(environment: str, mode: str, address: str, tmp_path: Path) -> None:
    found = resolved(environment, tmp_path, slipway_connection=mode)
    assert found["host"] == address
    assert "ProxyCommand" not in found["options"]
    assert "StrictHostKeyChecking=accept-new" in found["options"]


@pytest.mark.parametrize(
    ("environment", "address"), [("sandbox", "10.0.0.4"), ("dev", "203.0.113.9"), ("prod", "203.0.113.9")]
)
def test_each_environment_has_its_default(environment: str, address: str, tmp_path: Path) -> None:
    assert resolved(environment, tmp_path)["host"] == address
