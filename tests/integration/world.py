"""The host that integration tests break, with functions to inspect it and to run playbooks on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from sandbox.settings import settings_for

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOKS = Path(__file__).parent / "verify"
SETTINGS = settings_for("test")
CONTENT, ARTIFACTS = "slipway-sandbox-verify-content", "slipway-sandbox-verify-artifacts"
DATABASE = "slipway-sandbox-verify"
ENV, URL, SECOND_URL = (f"/slipway/sandbox/verify/{name}" for name in ("env", "database-url", "second-database-url"))
#: Name of the host's IAM role: scenario_world puts the kind before the name.
ROLE = "molecule-verify"


class World:
    """The host, reached by SSH, and its account."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.inventory = directory / "hosts"

    def make(self) -> None:
        """Make the host and everything on it. Fails with the playbook's output."""
        self.inventory.write_text("")
        require(self.play("world.yml", "-e", "state=present"))
        options = f"-o UserKnownHostsFile={self.directory}/known_hosts -o StrictHostKeyChecking=accept-new"
        self.inventory.write_text(
            f"host ansible_host={self.address} ansible_user=slipway ansible_ssh_private_key_file={SETTINGS.ssh_key} "
            f"ansible_ssh_common_args='{options} -o IdentitiesOnly=yes'\n"
        )
        require(self.play("service.yml"))

    def remove(self) -> None:
        """Remove the host and its resources in the account."""
        require(self.play("world.yml", "-e", "state=absent"))
        self.client("ssm").delete_parameters(Names=[ENV, URL, SECOND_URL])

    def play(self, playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the playbooks beside this file."""
        tools = str(Path(sys.executable).parent)
        own = {
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_LIBRARY": str(ROOT / "molecule" / "shared" / "library"),
            "ANSIBLE_HOME": str(self.directory / "ansible"),
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "NO_COLOR": "1",
        }
        given = {
            "slipway_aws": {
                "region": SETTINGS.region,
                "endpoint_url": SETTINGS.api_url,
                "access_key": SETTINGS.access_key,
                "secret_key": SETTINGS.secret_key,
            },
            "world_directory": str(self.directory),
            "world_keys": str(SETTINGS.app_env),
            "database_control_ca": str(SETTINGS.rds_ca_certificate),
        }
        command = ["ansible-playbook", "-i", str(self.inventory), "-e", json.dumps(given)]
        return subprocess.run(
            [*command, *arguments, str(PLAYBOOKS / playbook)],
            cwd=ROOT,
            env={**os.environ, **own},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )

    def shell(self, script: str) -> str:
        """Run a script as root on the host, require success and return its output."""
        command = ["ssh", "-i", str(SETTINGS.ssh_key), "-o", f"UserKnownHostsFile={self.directory}/known_hosts"]
        command += ["-o", "StrictHostKeyChecking=accept-new", "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR"]
        done = subprocess.run(
            [*command, f"slipway@{self.address}", "sudo", "sh", "-eu"],
            input=script,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout

    @property
    def address(self) -> str:
        """The host's private address."""
        return (self.directory / "address").read_text()

    def verify(self) -> dict[str, Any]:
        """Run the installed unit of the probes, and return its report."""
        report = "/run/backend-verify/report.json"
        text = self.shell(f"rm -f {report}; systemctl start backend-verify; cat {report}")
        return dict(json.loads(text))

    def client(self, service: str) -> Any:
        """A client of the sandbox's API with the administrator's keys."""
        session: Any = boto3.session.Session(SETTINGS.access_key, SETTINGS.secret_key, region_name=SETTINGS.region)
        config = Config(proxies={}, s3={"addressing_style": "path"})
        return session.client(service, endpoint_url=SETTINGS.api_url, config=config)

    def parameter(self, name: str) -> str | None:
        """The value of a parameter, or None if it does not exist."""
        found = self.client("ssm").get_parameters(Names=[name], WithDecryption=True)["Parameters"]
        return str(found[0]["Value"]) if found else None

    def master_secret(self) -> str:
        """The ARN of the database's master secret."""
        described = self.client("rds").describe_db_instances(DBInstanceIdentifier=DATABASE)
        return str(described["DBInstances"][0]["MasterUserSecret"]["SecretArn"])

    def secrets(self) -> list[str]:
        """The present values of all secrets of this host."""
        read = self.client("secretsmanager").get_secret_value(SecretId=self.master_secret())
        found = [json.loads(read["SecretString"])["password"]]
        for line in SETTINGS.app_env.read_text().splitlines():
            found += [line.partition("=")[2].strip()] if "=" in line else []
        for name in (URL, SECOND_URL):
            value = self.parameter(name)
            found += [value.split(":", 2)[2].partition("@")[0]] if value else []
        return found


def start_sandbox() -> None:
    """Start the sandbox `test` if it does not run."""
    subprocess.run([sys.executable, "-m", "sandbox", "up", "--name", SETTINGS.name], cwd=ROOT, check=True)


def require(done: subprocess.CompletedProcess[str]) -> str:
    """The output of a run that must have succeeded."""
    assert done.returncode == 0, done.stdout
    return done.stdout
