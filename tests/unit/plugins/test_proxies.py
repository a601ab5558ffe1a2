"""The sandbox is never asked through a proxy of the shell, by whoever asks it."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from ansible_collections.slipway.fastapi.plugins.inventory import sandbox_ec2
from ansible_collections.slipway.fastapi.plugins.module_utils import _aws
from ansible_collections.slipway.fastapi.plugins.modules import account as account_module
from botocore.config import Config

from sandbox import account, injected_faults
from sandbox.settings import settings_for
from tests.unit.plugins.listening_proxy import Proxy, listening_proxy
from tests.unit.plugins.running import Runner


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A listening proxy that the environment names in every way."""
    with listening_proxy() as listening:
        for name, value in listening.environment().items():
            monkeypatch.setenv(name, value)
        yield listening


def _plain_client(aws: dict[str, Any]) -> Any:
    """A client as amazon.aws makes it: it follows the environment."""
    factory: Any = boto3.session.Session
    session = factory("sandbox", "sandbox", region_name=aws["region"])
    config = Config(retries={"total_max_attempts": 1})
    return session.client("ec2", endpoint_url=aws["endpoint_url"], config=config)


def test_the_proxy_is_real(proxy: Proxy, aws: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="502"):
        _plain_client(aws).describe_vpcs()
    assert proxy.asked[0].startswith(f"POST {aws['endpoint_url']}")


def test_the_inventory_and_what_the_run_starts_reach_the_sandbox_directly(proxy: Proxy, aws: dict[str, Any]) -> None:
    sandbox_ec2.reach_this_machine_directly(os.environ)
    assert _plain_client(aws).describe_vpcs()["Vpcs"]
    # What is not the sandbox still goes through it.
    with pytest.raises(urllib.error.HTTPError, match="502"):
        urllib.request.urlopen("http://registry.example/")
    assert proxy.asked == ["GET http://registry.example/ HTTP/1.1"]


@pytest.mark.parametrize("said", ["", "a.example", "a.example, b.example,", "127.0.0.1"])
@pytest.mark.parametrize("names", [("NO_PROXY",), ("no_proxy",), ("NO_PROXY", "no_proxy"), ()])
def test_what_no_proxy_said_before_is_kept(said: str, names: tuple[str, ...]) -> None:
    environ = dict.fromkeys(names, said)
    sandbox_ec2.reach_this_machine_directly(environ)
    assert environ["NO_PROXY"] == environ["no_proxy"]
    hosts = environ["NO_PROXY"].split(",")
    assert {*sandbox_ec2.LOOPBACK, "[::1]"} <= set(hosts)
    assert len(hosts) == len(set(hosts))
    if names:
        assert {each.strip() for each in said.split(",") if each.strip()} <= set(hosts)


def test_a_star_stays_alone() -> None:
    environ = {"no_proxy": "*"}
    sandbox_ec2.reach_this_machine_directly(environ)
    assert environ == {"no_proxy": "*", "NO_PROXY": "*"}


def test_modules_reach_the_sandbox_directly(proxy: Proxy, aws: dict[str, Any]) -> None:
    assert _aws.client("sts", aws).get_caller_identity()["Account"] == "000000000000"
    runner = Runner("account", {"aws": aws, "sandbox": True}, proxy.environment())
    assert runner.run()["account"] == "000000000000"
    assert proxy.asked == []


def test_the_sandbox_itself_is_asked_directly(proxy: Proxy, aws: dict[str, Any]) -> None:
    port = int(aws["endpoint_url"].rpartition(":")[2])
    settings = replace(settings_for("test"), api_port=port)
    assert account.answers(settings)
    with pytest.raises((injected_faults.InjectedFaultError, ValueError)):
        injected_faults.list_all(settings)  # moto alone knows no faults.
    assert proxy.asked == []


def test_a_sandbox_that_does_not_answer_has_its_own_message(proxy: Proxy) -> None:
    keys = {"access_key": "sandbox", "secret_key": "sandbox"}
    nowhere = {"region": "us-east-1", "endpoint_url": "http://127.0.0.1:1", **keys}
    message = Runner("account", {"aws": nowhere, "sandbox": True}, proxy.environment()).fail()
    assert message.startswith(
        "the sandbox does not answer at http://127.0.0.1:1 (EndpointConnectionError); start it by"
    )
    assert proxy.asked == []


def test_a_proxy_that_does_not_answer_has_its_own_message() -> None:
    aws = {"region": "us-east-1", "access_key": "a", "secret_key": "b"}
    environment = {"HTTPS_PROXY": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}
    options = {"aws": aws, "sandbox": False, "allowed_account_ids": ["123456789012"]}
    message = Runner("account", options, environment).fail()
    assert "correct or unset HTTPS_PROXY and HTTP_PROXY" in message
    assert account_module.SANDBOX_ACCOUNT not in message
