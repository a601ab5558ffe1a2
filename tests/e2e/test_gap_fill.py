"""The blueprint gap-fill in an existing network: a Docker host, then files, then a service."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.run import Run, make, play
from tests.e2e.test_bad_network import shared
from tests.e2e.test_site import RECAP
from tests.e2e.world import World

BUCKET = "slipway-sandbox-ours-artifacts-000000000000"
KEY = "releases/backend.zip"
OURS = ("-e", "blueprint=gap-fill", "-e")
APPLICATION = """
import os
from fastapi import FastAPI

app = FastAPI()


@app.get("/health")
def health():
    return {"release": os.environ["SLIPWAY_RELEASE"], "tavily": "TAVILY_API_KEY" in os.environ}
"""


@pytest.fixture(scope="module")
def network(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The document's inputs for a VPC and a subnet that Terraform did not make."""
    vpc, subnet = shared(world)
    path = tmp_path_factory.mktemp("network") / "network.tfvars"
    path.write_text(f'network = {{ mode = "existing" }}\nexisting_vpc_id = "{vpc}"\nexisting_subnet_id = "{subnet}"\n')
    return path


@pytest.fixture(scope="module")
def run_of_gap_fill(network: Path) -> Run:
    return make("site", "BLUEPRINT=gap-fill", f"ARGS=-e vars_file={network}")


@pytest.fixture(scope="module")
def host(run_of_gap_fill: Run) -> World:
    assert run_of_gap_fill.code == 0, run_of_gap_fill.output[-4000:]
    return World.of_sandbox("gap-fill")


def test_a_host_without_an_artifact_is_a_success(run_of_gap_fill: Run, host: World) -> None:
    assert "a host ready for Docker" in run_of_gap_fill.output
    assert host.shell("docker run --help >/dev/null && systemctl is-active docker").strip() == "active"


def test_the_tools_of_the_document_are_installed(host: World) -> None:
    assert host.shell("for tool in git aws python3; do command -v $tool || echo no $tool; done").count("no ") == 0


def test_the_parameter_reaches_the_host_at_its_documented_place(host: World) -> None:
    assert host.tags["slipway:env-parameter"] == "/mlops/backend/env"
    assert host.shell("readlink /opt/backend/.env").strip() == "shared/.env"
    assert host.shell("stat -Lc '%a %U %G' /opt/backend/.env").strip() == "640 root backend"
    assert "TAVILY_API_KEY=" in host.shell("cut -d= -f1 /opt/backend/.env | sed 's/$/=/'")


def test_the_host_is_in_the_existing_network(host: World) -> None:
    assert (host.instance["VpcId"], host.instance["SubnetId"]) == shared(host)
    made = [{"Name": "tag:slipway:app", "Values": ["gap-fill"]}]
    assert host.client("ec2").describe_vpcs(Filters=made)["Vpcs"] == []


@pytest.mark.long
def test_a_second_run_changes_nothing(host: World, network: Path) -> None:
    again = make("site", "BLUEPRINT=gap-fill", f"ARGS=-e vars_file={network}")
    assert again.code == 0, again.output[-4000:]
    assert [line for line in RECAP.findall(again.output) if line[1:] != ("0", "0", "0")] == []


@pytest.fixture(scope="module")
def settings(host: World, network: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The document's optional inputs for an existing bucket, applied over the blueprint."""
    s3 = host.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    path = tmp_path_factory.mktemp("gap-fill") / "own.tfvars"
    own = f'backend_artifact_bucket = "{BUCKET}"\nbackend_artifact_key = "{KEY}"\nhttps = true\n'
    path.write_text(network.read_text() + own)
    yield path


@pytest.fixture(scope="module")
def run_of_files(settings: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Apply, publish and release of a folder `backend/` without main.py."""
    backend = tmp_path_factory.mktemp("files") / "backend"
    backend.mkdir()
    (backend / "docker-compose.yml").write_text("services: {}\n")
    (backend / "pull.sh").write_text("#!/bin/sh\n")
    (backend / "pull.sh").chmod(0o755)
    verbs = [f"playbooks/{verb}.yml" for verb in ("provision", "publish", "release", "verify", "summary")]
    return play(*verbs, *OURS, f"vars_file={settings}", "-e", f"dir={backend}", "-e", "publish_app=none")


def test_helper_files_reach_the_host_and_nothing_is_started(run_of_files: Run, host: World) -> None:
    assert run_of_files.code == 0, run_of_files.output[-4000:]
    assert "files in /opt/backend/current/code: a host ready for Docker" in run_of_files.output
    assert host.shell("cd /opt/backend/current/code && ls").split() == ["docker-compose.yml", "pull.sh"]
    assert host.shell("sudo -u backend sh -c '/opt/backend/current/code/pull.sh && echo ran'").strip() == "ran"
    assert host.shell("readlink /opt/backend/.env").strip() == "shared/.env"
    assert "could not be found" in host.shell("systemctl status backend.service")
    asked = make("health")
    assert asked.code == 0, asked.output
    assert f"{host.instance['InstanceId']}  no service: ready for Docker, with files" in asked.output


@pytest.fixture(scope="module")
def run_of_a_commit(run_of_files: Run, settings: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """site.yml with a pinned commit of a bare repository."""
    top = tmp_path_factory.mktemp("git")
    work = top / "work"
    work.mkdir()
    (work / "main.py").write_text(APPLICATION)
    (work / "requirements.txt").write_text("fastapi\nuvicorn\n")
    who = {f"GIT_{role}_{what}": "a@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=work, env={**os.environ, **who}, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "x")
    git("clone", "--quiet", "--bare", str(work), str(top / "bare.git"))
    source = {"artifact_source": "git", "artifact_repository": f"file://{top}/bare.git"}
    chosen = {**source, "artifact_commit": git("rev-parse", "HEAD"), "vars_file": str(settings)}
    return play("site.yml", *OURS, json.dumps(chosen))


def test_one_command_deploys_a_commit(run_of_a_commit: Run, host: World) -> None:
    assert run_of_a_commit.code == 0, run_of_a_commit.output[-4000:]
    with urllib.request.urlopen(f"{host.url}/health", timeout=10) as answer:
        health = json.load(answer)
    assert health == {"release": host.shell("basename $(readlink /opt/backend/current)").strip(), "tavily": True}
    assert host.shell("readlink /opt/backend/venv").strip() == "current/venv"
    process = host.shell(f"tr '\\0' ' ' </proc/$(systemctl show {host.unit} --property=MainPID --value)/cmdline")
    assert "/slipway_serve.py main:app " in process


def test_port_443_is_open_too(run_of_a_commit: Run, host: World) -> None:
    groups = [group["GroupId"] for group in host.instance["SecurityGroups"]]
    found = host.client("ec2").describe_security_groups(GroupIds=groups)["SecurityGroups"]
    ports = {rule["FromPort"] for group in found for rule in group["IpPermissions"]}
    assert {22, 443, 8000} <= ports


def test_the_host_reads_only_its_object_of_the_bucket(run_of_a_commit: Run, host: World) -> None:
    host.client("s3").put_object(Bucket=BUCKET, Key="releases/neighbour.zip", Body=b"x")
    asked = "aws --endpoint-url http://192.0.2.10 --region us-east-1 s3api head-object --bucket " + BUCKET
    assert "ContentLength" in host.shell(f"{asked} --key {KEY} 2>&1")
    assert "403" in host.shell(f"{asked} --key releases/neighbour.zip 2>&1")
