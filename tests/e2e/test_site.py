"""One command makes everything, a second run changes nothing, and the service works."""

from __future__ import annotations

import ipaddress
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import docker
import httpx
import pytest

from tests.e2e.run import ROOT, Run, make, play, run
from tests.e2e.world import World

RECAP = re.compile(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
REPORT = ROOT / ".slipway" / "sandbox" / "location-content" / "verify.json"


def test_the_first_run_ends_with_the_url_of_a_service_that_answers(first_run: Run, world: World) -> None:
    assert first_run.code == 0
    assert world.url in first_run.output
    answer = httpx.get(f"{world.url}/health", timeout=5)
    assert answer.status_code == 200
    assert answer.json()["release"] in first_run.output


def test_the_second_run_changes_nothing_and_says_so(second_run: Run) -> None:
    assert second_run.code == 0
    assert "nothing to change" in second_run.output
    recap = RECAP.findall(second_run.output)
    assert len(recap) >= 2
    assert [line for line in recap if line[1:] != ("0", "0", "0")] == []


def test_check_mode_reports_no_change(world: World, tmp_path: Path) -> None:
    checked = play("site.yml", "--check", "--diff", env={"HOME": str(tmp_path)})
    assert checked.code == 0, checked.output[-4000:]
    assert [line for line in RECAP.findall(checked.output) if line[1:] != ("0", "0", "0")] == []
    # Paths of sockets must be short. inventories/shared.yml explains what happens to a long one.
    sockets = [".ansible"] if len(str(ROOT / ".ansible" / "cp")) >= 80 else []
    assert [path.name for path in tmp_path.iterdir()] == sockets, "a run keeps to the checkout"


def test_the_host_key_is_known_before_the_first_connection(first_run: Run, world: World) -> None:
    assert "~ Read the hosts' SSH keys from their consoles" in first_run.output
    kind, key = world.shell("cat /etc/ssh/ssh_host_ed25519_key.pub").split()[:2]
    known = world.settings.known_hosts.read_text().splitlines()
    assert f"{world.instance['InstanceId']} {kind} {key}" in known
    assert len(known) == len(set(known))


def test_the_host_is_reached_at_its_public_address_too(world: World) -> None:
    ec2, (group,) = world.client("ec2"), world.instance["SecurityGroups"]
    here = str(ipaddress.ip_network(world.settings.public_cidr)[-2])  # this machine, as public addresses see it
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": f"{here}/32"}]}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[ssh])
    try:
        time.sleep(2)
        reach = [".venv/bin/ansible", "slipway", "-m", "ansible.builtin.command", "-a", "hostname -I"]
        done = run([*reach, "-e", "slipway_connection=ssh_public", "-vvv"])
    finally:
        ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[ssh])
    assert done.code == 0, done.output[-3000:]
    assert f"<{world.instance['PublicIpAddress']}> SSH: EXEC" in done.output


def test_deploying_the_running_release_changes_nothing(world: World) -> None:
    done = make("deploy")
    assert done.code == 0, done.output[-4000:]
    assert "all 5 green" in done.output
    assert [line for line in RECAP.findall(done.output) if line[1:] != ("0", "0", "0")] == []


def test_init_prepares_terraform_and_plans_nothing(world: World) -> None:
    done = make("init")
    assert done.code == 0, done.output[-4000:]
    assert "sandbox/location-content/terraform.tfstate" in done.output
    assert "Plan" not in done.output


def test_events_arrive_one_by_one(world: World) -> None:
    arrivals = []
    with httpx.stream("GET", f"{world.url}/events", params={"count": 4, "interval": 0.3}, timeout=10) as stream:
        for line in stream.iter_lines():
            if line == "event: tick":
                arrivals.append(time.monotonic())
    gaps = [later - earlier for earlier, later in zip(arrivals, arrivals[1:])]
    assert len(arrivals) == 4
    assert min(gaps) > 0.15, "the events came together, so something on the way buffers them"


def test_the_service_reaches_its_dependencies(world: World) -> None:
    with httpx.Client(base_url=world.url, timeout=15) as service:
        made = service.post("/jobs", json={"location": "Hamburg", "prompt": "harbours"})
        assert made.status_code == 201, made.text
        assert service.get(f"/jobs/{made.json()['id']}").json()["location"] == "Hamburg"
        assert service.put("/objects/note.txt", content=b"seen").is_success
        assert service.get("/objects/note.txt").content == b"seen"
        assert service.get("/search", params={"query": "harbours"}).is_success
        assert service.post("/generate", json={"prompt": "harbours"}).is_success


def test_the_report_is_green_for_every_dependency(world: World) -> None:
    report = json.loads(REPORT.read_text())
    text = json.dumps(report)
    assert '"ok": false' not in text
    for name in ("tavily", "gemini", "s3", "rds", "health"):
        assert f'"{name}"' in text


def test_the_service_runs_as_its_own_account_with_restrictions(world: World) -> None:
    properties = world.shell(
        f"systemctl show {world.unit} --property=User,NoNewPrivileges,ProtectSystem,MemoryDenyWriteExecute"
    )
    assert set(properties.split()) == {
        "User=backend",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "MemoryDenyWriteExecute=yes",
    }


def test_commands_use_the_slot_that_serves(world: World) -> None:
    asked = run([".venv/bin/slipway", "status", "--json"])
    assert asked.code == 0, asked.output
    # Deprecations of Ansible, which the tests turn on, stand before it.
    (state,) = json.loads(asked.output[asked.output.index("[\n") :])
    assert (f"backend@{state['slot']}", state["unit"]["name"]) == (world.unit, world.unit)
    assert (state["unit"]["active"], state["haproxy"]["active"], state["beside"]) == ("active", "active", [])
    assert f"/run/backend-{state['slot']}/app.sock" in make("logs").output


def test_a_command_in_the_service_context_keeps_the_socket(world: World) -> None:
    done = make("run", "CMD=ls ${SLIPWAY_DRAIN_FILE%/*}; id -un; pwd")
    release = world.shell("readlink -f /opt/backend/current").strip()
    assert done.output.split()[-3:] == ["app.sock", "backend", f"{release}/code"], done.output
    assert httpx.get(f"{world.url}/health", timeout=5).status_code == 200


def restarted(world: World, by: Callable[[], object]) -> None:
    """Restart the service by calling ``by``, and wait until it answers in the slot that served before."""
    unit, show = world.unit, f"systemctl show {world.unit} --property=InvocationID"
    before = world.shell(show)
    by()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError, docker.errors.APIError):
            if httpx.get(f"{world.url}/health", timeout=2).status_code == 200 and world.shell(show) != before:
                break
        time.sleep(0.3)
    else:
        pytest.fail(f"the service does not answer: {world.shell('systemctl status backend* haproxy')}")
    assert world.unit == unit
    assert world.shell("systemctl is-active backend haproxy").split() == ["active", "active"]


def test_restarting_the_unit_restarts_the_slot_that_serves(world: World) -> None:
    restarted(world, lambda: world.shell("systemctl restart backend"))


def test_the_same_slot_serves_after_a_reboot(world: World) -> None:
    restarted(world, lambda: world.client("ec2").reboot_instances(InstanceIds=[world.instance["InstanceId"]]))
