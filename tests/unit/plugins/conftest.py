"""An AWS API for the plugins' tests: a moto server in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.unit.plugins.metadata import metadata_service

REGION = "us-east-1"
ACCOUNT = "000000000000"


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    """URL of a moto server that runs for the whole session."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env={**os.environ, "MOTO_ACCOUNT_ID": ACCOUNT},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_it_answers(url, server)
        yield url
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def aws(moto_server: str) -> dict[str, Any]:
    """The `aws` option of modules, for an account with nothing in it."""
    _post(f"{moto_server}/moto-api/reset")
    return {"region": REGION, "endpoint_url": moto_server, "access_key": "sandbox", "secret_key": "sandbox"}


@pytest.fixture
def enforced_iam(aws: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The `aws` option of a user who exists and may do nothing at all."""
    iam = _client("iam", aws)
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    _post(f"{aws['endpoint_url']}/moto-api/reset-auth", b"0")
    try:
        yield {**aws, "access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
    finally:
        _post(f"{aws['endpoint_url']}/moto-api/reset-auth", b"inf")


@pytest.fixture(scope="session")
def instance_role() -> Iterator[dict[str, str]]:
    """The environment of a process on an instance with a role."""
    with metadata_service() as environment:
        yield environment


@pytest.fixture
def ssm(aws: dict[str, Any]) -> Any:
    """A client of the parameter store that the test itself uses."""
    return _client("ssm", aws)


@pytest.fixture
def s3(aws: dict[str, Any]) -> Any:
    """A client of S3 that the test itself uses."""
    return _client("s3", aws)


def _client(service: str, aws: dict[str, Any]) -> Any:
    make_client: Any = boto3.client  # boto3's stubs ask for a literal name
    return make_client(
        service,
        region_name=aws["region"],
        endpoint_url=aws["endpoint_url"],
        aws_access_key_id=aws["access_key"],
        aws_secret_access_key=aws["secret_key"],
        verify=True,
    )


def _wait_until_it_answers(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            _post(f"{url}/moto-api/reset")
        except OSError:
            assert server.poll() is None, "the moto server ended"
            assert time.monotonic() < deadline, "the moto server does not answer"
            time.sleep(0.1)
        else:
            return


def _post(url: str, data: bytes = b"") -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "text/plain"}, method="POST")
    opener.open(request, timeout=5).close()
