"""The sandbox's services, started once for all tests of this folder."""

from __future__ import annotations

import dataclasses
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sandbox.settings import Settings, settings_for
from sandbox.tests.server.serve import PROJECT

ROOT = Path(__file__).parents[3]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclasses.dataclass(frozen=True)
class Server:
    """The running services."""

    settings: Settings
    log: Path
    process: subprocess.Popen[bytes]
    #: Kept, because boto3 needs almost a second to make a client.
    _clients: dict[str, Any] = dataclasses.field(default_factory=dict, compare=False, repr=False)

    def client(self, service: str, **credentials: str) -> Any:
        """A client with the operator's keys, or with *credentials*."""
        if credentials:
            return self._new_client(service, credentials)
        if service not in self._clients:
            keys = {
                "aws_access_key_id": self.settings.access_key,
                "aws_secret_access_key": self.settings.secret_key,
            }
            self._clients[service] = self._new_client(service, keys)
        return self._clients[service]

    def state(self, command: str = "state") -> dict[str, list[dict[str, Any]]]:
        """What the API says exists, as plain data: what `sandbox.machine` reads."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{command}\n".encode())
        self.process.stdin.flush()
        found: dict[str, list[dict[str, Any]]] = json.loads(self.process.stdout.readline())
        return found

    def _new_client(self, service: str, keys: dict[str, str]) -> Any:
        # Any: the overloads of boto3's types want a service's name as a literal.
        factory: Any = boto3.session.Session
        session = factory(region_name=self.settings.region, **keys)
        config = Config(retries={"total_max_attempts": 1})
        return session.client(service, endpoint_url=self.settings.api_url, config=config)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("sandbox")
    log = directory / "log"
    settings = dataclasses.replace(
        settings_for("test", PROJECT),
        directory=directory,
        api_port=free_port(),
        imds_port=free_port(),
        stub_port=free_port(),
    )
    ports = [str(port) for port in (settings.api_port, settings.imds_port, settings.stub_port)]
    command = [sys.executable, "-m", "sandbox.tests.server.serve", str(directory), *ports]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output) as process,
    ):
        assert process.stdout is not None
        first = process.stdout.readline()
        try:
            assert first == b"ready\n", log.read_text()
            yield Server(settings, log, process)
        finally:
            process.kill()


@pytest.fixture(autouse=True)
def no_ambient_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps the shell's AWS settings out of boto3."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
