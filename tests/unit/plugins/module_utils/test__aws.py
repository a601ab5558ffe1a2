"""Nothing but the caller's settings decides where a client goes, and as whom."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3.session
import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import (
    AWS_ARGUMENT,
    AwsError,
    Settings,
    boto_errors,
    client,
    configured_endpoints,
    error_code,
    explain,
)
from botocore.exceptions import ClientError

from tests.unit.plugins.metadata import ACCESS_KEY
from tests.unit.plugins.poison import poisoned_environment
from tests.unit.plugins.running import environment

REGION = "us-east-1"


@pytest.fixture
def poison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in poisoned_environment(tmp_path).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    yield path


def headers_sent_by(boto_client: Any, call: str) -> dict[str, str]:
    """Make a call without arguments and return the headers of its request."""
    seen: dict[str, str] = {}

    def remember(request: Any, **_: Any) -> None:
        seen.update(
            {
                name: value.decode() if isinstance(value, bytes) else str(value)
                for name, value in request.headers.items()
            }
        )

    boto_client.meta.events.register("before-send", remember)
    getattr(boto_client, call)()
    return seen


@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("sts", "get_caller_identity"),
        ("ssm", "describe_parameters"),
        ("s3", "list_buckets"),
        ("rds", "describe_db_instances"),
    ],
)
def test_with_an_endpoint_a_poisoned_environment_changes_nothing(
    aws: dict[str, Any], poison: None, service: str, call: str
) -> None:
    sent = headers_sent_by(client(service, aws), call)
    assert f"Credential={aws['access_key']}/" in sent["Authorization"]
    assert f"/{REGION}/{service}/" in sent["Authorization"]
    assert "X-Amz-Security-Token" not in sent


def test_with_an_endpoint_objects_can_be_written_and_read_in_a_poisoned_environment(
    aws: dict[str, Any], s3: Any, poison: None
) -> None:
    s3.create_bucket(Bucket="bucket")
    mine = client("s3", aws)
    mine.put_object(Bucket="bucket", Key="key", Body=b"content")
    assert mine.get_object(Bucket="bucket", Key="key")["Body"].read() == b"content"


def test_the_poison_works_on_an_ordinary_client(aws: dict[str, Any], poison: None) -> None:
    """The control of the tests above."""
    import boto3  # noqa: PLC0415

    with pytest.raises(Exception, match="nonexistent"):
        boto3.session.Session().client("sts").get_caller_identity()


def test_with_an_endpoint_and_without_keys_the_credentials_are_the_instance_role_s(
    aws: dict[str, Any], instance_role: dict[str, str], tmp_path: Path
) -> None:
    program = (
        "from ansible_collections.slipway.fastapi.plugins.module_utils._aws import client\n"
        f"c = client('sts', {{'region': '{REGION}', 'endpoint_url': '{aws['endpoint_url']}'}})\n"
        "c.meta.events.register('before-send', lambda request, **_: print(request.headers['Authorization'].decode()))\n"
        "c.get_caller_identity()\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env=environment({**poisoned_environment(tmp_path), **instance_role}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"Credential={ACCESS_KEY}/" in answer.stdout, answer.stderr


def test_without_an_endpoint_one_from_the_shell_or_a_file_is_not_followed(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text("[default]\nendpoint_url = http://127.0.0.1:9\n")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    assert client("sts", {"region": REGION}).meta.endpoint_url == "https://sts.us-east-1.amazonaws.com"


def test_without_an_endpoint_the_profile_gives_the_credentials(config: Path) -> None:
    config.write_text("[profile dev]\naws_access_key_id = AKIADEV\naws_secret_access_key = dev\nregion = eu-west-3\n")
    made = client("sts", {"region": REGION, "profile": "dev"})
    assert made._request_signer._credentials.access_key == "AKIADEV"
    assert made.meta.region_name == REGION


def test_without_an_endpoint_given_keys_win_over_the_shell(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASHELL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "shell")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    made = client("sts", {"region": REGION, "access_key": "AKIAGIVEN", "secret_key": "given"})
    credentials = made._request_signer._credentials
    assert (credentials.access_key, credentials.token) == ("AKIAGIVEN", None)


def test_a_profile_that_does_not_exist_is_named(config: Path) -> None:
    with pytest.raises(AwsError, match=r"profile \(nope\) could not be found; correct `profile`"):
        client("sts", {"region": REGION, "profile": "nope"})


def test_a_profile_or_a_file_that_cannot_be_read_is_no_clean_config(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AwsError, match=r"^reading the AWS config file failed: .*\(nope\) could not be found; correct"):
        configured_endpoints({"region": REGION, "profile": "nope"})
    config.write_text("[default\n")
    with pytest.raises(AwsError, match=r"^reading the AWS config file failed: Unable to parse config file"):
        configured_endpoints({"region": REGION})
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent/config")
    assert configured_endpoints({"region": REGION}) == []


def test_an_endpoint_that_is_no_url_is_refused() -> None:
    with pytest.raises(AwsError, match=r"a client for sts failed: Invalid endpoint: nonsense"):
        client("sts", {"region": REGION, "endpoint_url": "nonsense", "access_key": "a", "secret_key": "b"})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "the AWS region is not set"),
        ({"region": ""}, "the AWS region is not set"),
        ({"region": REGION, "access_key": "a"}, "belong together"),
        ({"region": REGION, "secret_key": "hunter2"}, "belong together"),
        ({"region": REGION, "access_key": "a", "secret_key": "hunter2", "profile": "p"}, "two identities"),
        ({"region": REGION, "endpoint_url": "http://127.0.0.1:1", "profile": "p"}, "set keys instead"),
        ({"region": REGION, "endpoint": "http://127.0.0.1:1"}, "unknown AWS setting: endpoint; known are access_key"),
    ],
)
def test_settings_that_contradict_each_other(settings: dict[str, str], message: str) -> None:
    with pytest.raises(AwsError, match=message) as refused:
        client("sts", settings)
    assert "hunter2" not in str(refused.value)


def test_settings_show_no_secret() -> None:
    assert "hunter2" not in repr(Settings.of({"region": REGION, "access_key": "a", "secret_key": "hunter2"}))


def test_the_option_of_modules_has_exactly_the_settings() -> None:
    assert set(AWS_ARGUMENT["options"]) == set(Settings.__dataclass_fields__)


def test_without_boto3_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(AwsError, match=r"boto3 is missing for this Python; .* `make venv`"):
        client("sts", {"region": REGION})


def test_a_refusal_names_what_was_asked(enforced_iam: dict[str, Any]) -> None:
    with pytest.raises(boto_errors()) as refused:
        client("s3", enforced_iam).list_buckets()
    assert error_code(refused.value) == "AccessDenied"
    message = explain(refused.value, "s3:ListAllMyBuckets")
    assert (
        message
        == "AWS refused s3:ListAllMyBuckets (AccessDenied); allow it in the policy of the role or user that asks"
    )


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_refusal_names_the_statement_that_is_missing(quote: str) -> None:
    arn = "arn:aws:ssm:us-east-1:000000000000:parameter/a"
    message = (
        f"User: someone is not authorized to perform: ssm:GetParameter on resource: {quote}{arn}{quote} because no"
    )
    error = ClientError({"Error": {"Code": "AccessDeniedException", "Message": message}}, "GetParameter")
    statement = f'{{"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "{arn}"}}'
    assert explain(error, "ssm:GetParameter on parameter /a").endswith(f"by the statement {statement}")


def test_a_refusal_by_a_deny_does_not_ask_for_another_allow() -> None:
    message = "not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/k with an explicit deny in a policy"
    told = explain(ClientError({"Error": {"Code": "AccessDenied", "Message": message}}, "GetObject"), "s3:GetObject")
    assert '"Effect": "Deny"' in told
    assert "Allow" not in told


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
        ("InvalidSignatureException", "Signature expired: 20261121T010000Z is now earlier than 20261121T020000Z"),
        ("SignatureDoesNotMatch", "Signature not yet current: 20261121T030000Z is now later than 20261121T020000Z"),
    ],
)
def test_a_wrong_clock_is_told_as_such(code: str, message: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": message}}, "GetParameter")
    told = explain(error, "ssm:GetParameter on parameter /a")
    assert "ssm:GetParameter on parameter /a because the clock" in told
    assert "timedatectl" in told


def test_an_endpoint_that_does_not_answer_points_to_the_sandbox() -> None:
    settings = {"region": REGION, "endpoint_url": "http://127.0.0.1:9", "access_key": "a", "secret_key": "b"}
    with pytest.raises(boto_errors()) as refused:
        client("sts", settings).get_caller_identity()
    assert error_code(refused.value) == ""
    assert "`python -m sandbox status`" in explain(refused.value, "sts:GetCallerIdentity")


def test_another_error_is_told_in_aws_s_words(aws: dict[str, Any]) -> None:
    with pytest.raises(boto_errors()) as refused:
        client("s3", aws).get_object(Bucket="missing", Key="key")
    assert explain(refused.value, "reading").startswith(
        "reading failed: NoSuchBucket: The specified bucket does not exist"
    )


def test_unknown_credentials_are_told_as_such(aws: dict[str, Any], enforced_iam: dict[str, Any]) -> None:
    with pytest.raises(boto_errors()) as refused:
        client("iam", {**enforced_iam, "access_key": "AKIANOBODYNOBODY"}).list_users()
    assert "AWS does not accept the credentials for iam:ListUsers (InvalidClientTokenId); renew them" in explain(
        refused.value, "iam:ListUsers"
    )


def test_endpoints_in_the_config_file_are_found_for_the_profile_in_use(config: Path) -> None:
    config.write_text(
        "[default]\nendpoint_url = http://127.0.0.1:9\n"
        "[profile local]\nservices = box\n[profile clean]\n"
        "[services box]\ns3 =\n  endpoint_url = http://127.0.0.1:9\nssm =\n  max_attempts = 2\n"
    )
    assert configured_endpoints({"region": REGION}) == ["endpoint_url"]
    assert configured_endpoints({"region": REGION, "profile": "local"}) == ["services.s3.endpoint_url"]
    assert configured_endpoints({"region": REGION, "profile": "clean"}) == []


def owner_sent(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The owner that requests of three kinds expect: those for an object, with pages, and for a bucket."""
    made: Any = boto3.session.Session.client
    sts = SimpleNamespace(get_caller_identity=lambda: {"Account": "1" * 12})

    def make(session: Any, name: str, **more: Any) -> Any:
        return sts if name == "sts" else made(session, name, **more)

    monkeypatch.setattr(boto3.session.Session, "client", make)
    s3 = client("s3", settings)
    seen: list[str] = []

    def stop(request: Any, **_: Any) -> Any:
        seen.append(request.headers.get("x-amz-expected-bucket-owner", b"").decode())
        raise InterruptedError

    s3.meta.events.register("before-send.s3", stop)
    calls = (
        lambda: s3.get_object(Bucket="b", Key="k"),
        lambda: list(s3.get_paginator("list_objects_v2").paginate(Bucket="b")),
        lambda: s3.head_bucket(Bucket="b"),
    )
    for call in calls:
        with pytest.raises(InterruptedError):
            call()
    return seen


@pytest.mark.parametrize(
    ("settings", "owner"),
    [
        ({"account_id": "2" * 12}, "2" * 12),
        ({"account_id": "2" * 12, "endpoint_url": "http://127.0.0.1:9"}, "2" * 12),
        # Without an account, STS says whose the credentials are.
        ({}, "1" * 12),
        # A sandbox that is not told has one account only.
        ({"endpoint_url": "http://127.0.0.1:9"}, ""),
    ],
)
def test_every_bucket_must_belong_to_the_account(
    settings: dict[str, str], owner: str, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"region": REGION, "access_key": "a", "secret_key": "b"}
    assert owner_sent({**keys, **settings}, monkeypatch) == [owner] * 3


def test_a_refusal_by_s3_tells_of_buckets_of_others() -> None:
    refused = ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, "GetObject")
    assert "of another account" in explain(refused, "s3:GetObject on s3://slipway-dev-evil/x")
