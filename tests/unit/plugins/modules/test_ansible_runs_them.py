"""The modules as Ansible packs and runs them, with everything that it can print."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugins.poison import poisoned_environment
from tests.unit.plugins.running import ROOT

SECRET = "hunter2-the-secret"
BUCKET = "app-sandbox-artifacts"
PARAMETER = "/slipway/sandbox/app/env"


def task(module: str, options: dict[str, Any]) -> dict[str, Any]:
    return {"name": f"Run {module}", f"slipway.fastapi.{module}": options}


@pytest.fixture
def playbook(aws: dict[str, Any], s3: Any, tmp_path: Path) -> Path:
    s3.create_bucket(Bucket=BUCKET)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text("app = None\n")
    (tmp_path / "secret.env").write_text(f"A={SECRET}\n")
    artifact = f"s3://{BUCKET}/releases/app.zip"
    tasks = [
        task("account", {"aws": aws, "sandbox": True}),
        task("env_push", {"aws": aws, "file": str(tmp_path / "secret.env"), "parameter": PARAMETER}),
        task("publish", {"aws": aws, "directory": str(tmp_path / "app"), "artifact": artifact}),
        task("release_target", {"aws": aws, "artifact": artifact}),
        task(
            "dotenv",
            {
                "dest": str(tmp_path / "host.env"),
                "owner": "{{ lookup('ansible.builtin.pipe', 'id -un') }}",
                "parameters": [{"name": PARAMETER}],
                "region": aws["region"],
                "endpoint_url": aws["endpoint_url"],
            },
        ),
    ]
    path = tmp_path / "playbook.yml"
    path.write_text(json.dumps([{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]))
    return path


def run(playbook: Path, more: dict[str, str], *arguments: str) -> str:
    """Run the playbook as a person would, in an environment full of AWS settings that lead astray."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TMPDIR")}
    poison = poisoned_environment(playbook.parent / f"home{len(arguments)}")
    command = [
        str(Path(sys.executable).with_name("ansible-playbook")),
        str(playbook),
        "-i",
        "localhost,",
        "--diff",
        *arguments,
    ]
    answer = subprocess.run(
        [*command, "-e", f"ansible_python_interpreter={sys.executable}"],
        env={
            **kept,
            **poison,
            **more,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_STDOUT_CALLBACK": "default",
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout + answer.stderr


def test_two_runs_in_a_poisoned_environment(
    playbook: Path, aws: dict[str, Any], instance_role: dict[str, str], tmp_path: Path
) -> None:
    first = run(playbook, instance_role, "-vvvv")
    assert "changed=3" in first
    assert (tmp_path / "host.env").read_text() == f"A={SECRET}\n"
    assert SECRET not in first, "not even the most talkative run shows a value"
    assert BUCKET in first, "the sandbox's key is a word of this name, and is not masked"
    second = run(playbook, instance_role)
    assert "changed=0" in second
