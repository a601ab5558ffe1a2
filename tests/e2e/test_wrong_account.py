"""Nothing that a shell or a shared file says can lead a sandbox run into a real account, nor a real run elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.e2e.run import make, play
from tests.e2e.test_site import RECAP
from tests.e2e.world import World

SERVICES = ("STS", "EC2", "S3", "SSM", "IAM", "RDS", "SECRETS_MANAGER", "KMS", "LOGS")


class Trap:
    """Plays the real AWS: it counts what reaches it and refuses everything."""

    def __init__(self) -> None:
        calls: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                calls.append(f"{self.command} {self.path}")
                self.send_error(403)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815 (http.server's names)

            def log_message(self, format: str, *args: object) -> None:
                """Stay silent."""

        self.calls = calls
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def trap() -> Iterator[Trap]:
    trap = Trap()
    yield trap
    trap.server.shutdown()
    trap.server.server_close()


@pytest.fixture
def poison(trap: Trap, tmp_path: Path) -> dict[str, str]:
    """Every way in which the AWS SDKs and Terraform's provider could be led astray by a shell."""
    config = tmp_path / "config"
    config.write_text(
        f"[default]\nregion = eu-west-1\nendpoint_url = {trap.url}\nservices = astray\n"
        f"[profile real]\nregion = eu-west-1\nendpoint_url = {trap.url}\n"
        f"[services astray]\nsts =\n  endpoint_url = {trap.url}\ns3 =\n  endpoint_url = {trap.url}\n"
    )
    credentials = tmp_path / "credentials"
    keys = "aws_access_key_id = AKIAREALREALREALREAL\naws_secret_access_key = real\n"
    credentials.write_text(f"[default]\n{keys}[real]\n{keys}")
    return {
        "AWS_ENDPOINT_URL": trap.url,
        **{f"AWS_ENDPOINT_URL_{service}": trap.url for service in SERVICES},
        "AWS_URL": trap.url,
        "AWS_PROFILE": "real",
        "AWS_DEFAULT_PROFILE": "real",
        "AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
        "AWS_CA_BUNDLE": str(tmp_path / "missing.pem"),
        "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/real",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "missing.token"),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{trap.url}/credentials",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": trap.url,
        "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "legacy",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "TF_VAR_endpoint_url": trap.url,
        "TF_VAR_allowed_account_ids": '["999999999999"]',
        "TF_CLI_ARGS_plan": "-var=env=prod",
    }


@pytest.mark.parametrize("command", ["make site", "ansible-playbook site.yml"])
def test_a_poisoned_shell_changes_nothing(command: str, world: World, trap: Trap, poison: dict[str, str]) -> None:
    done = make("site", env=poison) if command == "make site" else play("site.yml", env=poison)
    assert done.code == 0, done.output[-4000:]
    assert trap.calls == []
    assert [line for line in RECAP.findall(done.output) if line[1:] != ("0", "0", "0")] == []


def test_a_real_environment_refuses_an_endpoint_from_the_shell(trap: Trap) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL", "AWS_SECRET_ACCESS_KEY": "real"}
    account = '{"slipway_allowed": {"account_ids": ["111111111111"]}}'
    arguments = ("-i", "inventories/dev", "-e", account, "playbooks/provision.yml")
    done = play(*arguments, env={**keys, "AWS_ENDPOINT_URL": trap.url})
    assert done.code != 0
    assert "AWS_ENDPOINT_URL" in done.output
    assert "unset" in done.output.lower()
    assert [call for call in trap.calls if "sts" in call.lower()] == []


def test_a_real_environment_wants_its_account_named() -> None:
    done = play("-i", "inventories/dev", "playbooks/provision.yml", env={"AWS_EC2_METADATA_DISABLED": "true"})
    assert done.code != 0
    assert "account_ids" in done.output
    assert "group_vars/all.yml" in done.output
