"""Never the wrong account: what is not surely the account that is meant is refused before anything is asked or done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.modules.account import account_problem, is_loopback, path_problems

from tests.unit.plugins.poison import poisoned_environment
from tests.unit.plugins.running import Runner

KEYS = {"access_key": "sandbox", "secret_key": "sandbox"}
SANDBOX = {"region": "us-east-1", "endpoint_url": "http://127.0.0.1:4577", **KEYS}
AWS = {"region": "us-east-1"}


@pytest.fixture
def runner(aws: dict[str, Any]) -> Runner:
    return Runner("account", {"aws": aws, "sandbox": True})


def test_the_sandbox_is_accepted_and_the_answer_names_who_asks(runner: Runner) -> None:
    for result in (runner.check(), runner.run()):
        assert (result["changed"], result["account"]) == (False, "000000000000")
        assert result["arn"].startswith("arn:aws:sts::000000000000:")


def test_the_sandbox_is_accepted_whatever_the_environment_says(runner: Runner, tmp_path: Path) -> None:
    runner.environment = poisoned_environment(tmp_path)
    assert runner.run()["account"] == "000000000000"


def test_an_endpoint_that_is_no_sandbox_is_refused_in_any_other_environment(
    runner: Runner, aws: dict[str, Any]
) -> None:
    message = runner.fail(sandbox=False, allowed_account_ids=["000000000000"])
    assert (
        message
        == f"`endpoint_url` is {aws['endpoint_url']}, but the environment is no sandbox; remove it from `slipway_aws`"
    )


def test_a_redirected_environment_is_refused_before_anybody_is_asked(runner: Runner, tmp_path: Path) -> None:
    poison = poisoned_environment(tmp_path)
    runner.environment = {name: poison[name] for name in poison if name not in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")}
    message = runner.fail(aws=AWS, sandbox=False, allowed_account_ids=["123456789012"])
    variables = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SSM", "AWS_ENDPOINT_URL_STS"]
    assert message.splitlines() == [
        f"{', '.join(variables)} in the environment redirects tools to another endpoint; "
        f"run `unset {' '.join(variables)}`",
        "the AWS config file redirects tools to another endpoint by endpoint_url, services.sts.endpoint_url, "
        "services.ssm.endpoint_url; remove it from the profile",
    ]


def test_a_profile_that_does_not_exist(runner: Runner) -> None:
    runner.environment = {"AWS_PROFILE": "nope"}
    assert "profile (nope) could not be found" in runner.fail(aws=AWS, sandbox=False, allowed_account_ids=["1" * 12])
    runner.environment = {}
    message = runner.fail(aws={**AWS, "profile": "nope"}, sandbox=False, allowed_account_ids=["123456789012"])
    assert "profile (nope) could not be found; correct `profile`" in message


def test_a_sandbox_that_does_not_run(runner: Runner) -> None:
    message = runner.fail(aws={**SANDBOX, "endpoint_url": "http://127.0.0.1:9"})
    assert message.startswith(
        "the sandbox does not answer at http://127.0.0.1:9 (EndpointConnectionError); start it by"
    )
    assert "`python -m sandbox status`" in message


@pytest.mark.parametrize(
    ("aws", "problem"),
    [
        (
            {**SANDBOX, "endpoint_url": ""},
            "a sandbox needs `endpoint_url` in `slipway_aws`; without it the calls would go to AWS",
        ),
        (
            {**SANDBOX, "endpoint_url": "https://sts.amazonaws.com"},
            "`endpoint_url` is https://sts.amazonaws.com; a sandbox is on",
        ),
        ({**SANDBOX, "endpoint_url": "http://127.0.0.1.example.com"}, "a sandbox is on a loopback address"),
        ({**SANDBOX, "endpoint_url": "http://127.0.0.1@example.com"}, "a sandbox is on a loopback address"),
        ({**SANDBOX, "secret_key": None}, "a sandbox needs its own `access_key` and `secret_key`"),
    ],
)
def test_what_is_no_sandbox(aws: dict[str, Any], problem: str) -> None:
    found = path_problems(aws, True, [], {}, [])
    assert len(found) == 1
    assert problem in found[0]


@pytest.mark.parametrize(
    ("allowed", "environment", "problem"),
    [
        ([], {}, "`allowed_account_ids` is empty; `make env"),
        (["12345678901"], {}, "has 12345678901; an account's number is a text of 12 digits, in quotes"),
        (["dev"], {}, "has dev; an account's number"),
        (["123456789012"], {"AWS_ENDPOINT_URL": ""}, "run `unset AWS_ENDPOINT_URL`"),
        (["123456789012"], {"AWS_ENDPOINT_URL_DYNAMODB": "x"}, "run `unset AWS_ENDPOINT_URL_DYNAMODB`"),
    ],
)
def test_what_is_no_certain_way_to_aws(allowed: list[str], environment: dict[str, str], problem: str) -> None:
    found = path_problems(AWS, False, allowed, environment, [])
    assert len(found) == 1
    assert problem in found[0]


def test_a_clean_way_to_aws() -> None:
    assert path_problems(AWS, False, ["123456789012"], {"AWS_PROFILE": "dev", "AWS_ENDPOINT": "x"}, []) == []
    assert path_problems(SANDBOX, True, [], {"AWS_ENDPOINT_URL": "x"}, []) == []


@pytest.mark.parametrize(
    ("account", "sandbox", "allowed", "accepted"),
    [
        ("000000000000", True, [], True),
        ("123456789012", True, ["123456789012"], False),
        ("123456789012", False, ["123456789012", "210987654321"], True),
        ("210987654321", False, ["123456789012"], False),
        ("000000000000", False, ["123456789012"], False),
    ],
)
def test_the_account_that_answers(account: str, sandbox: bool, allowed: list[str], accepted: bool) -> None:
    problem = account_problem(account, sandbox, allowed)
    assert (problem is None) == accepted
    assert problem is None or account in problem


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:4577", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:4577", True),
        ("http://localhost:4577", True),
        ("http://192.0.2.10", False),
        ("http://0.0.0.0:4577", False),
        ("http://localhost.example.com", False),
        ("127.0.0.1:4577", False),
        ("", False),
    ],
)
def test_loopback(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback
