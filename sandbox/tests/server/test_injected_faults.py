"""Injected faults: what a client gets, how often, and who can inject them."""

from __future__ import annotations

import dataclasses
import ssl
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, IncompleteReadError, ResponseStreamingError

from sandbox import injected_faults
from sandbox.__main__ import main
from sandbox.server.injected_faults import Fault, FaultError, Faults, Target, control
from sandbox.settings import FAULTS_PATH, settings_for
from sandbox.tests.server.conftest import Server

BUCKET = "for-faults"


@pytest.fixture(autouse=True)
def normal_again(server: Server) -> Iterator[None]:
    yield
    injected_faults.clear(server.settings)


@pytest.fixture(scope="module")
def s3(server: Server) -> Any:
    client = server.client("s3")
    client.create_bucket(Bucket=BUCKET)
    client.put_object(Bucket=BUCKET, Key="object", Body=b"x" * 10_000)
    return client


def add(server: Server, service: str, answer: str, **more: Any) -> None:
    injected_faults.add(server.settings, {"service": service, "answer": answer, **more})


def fired(server: Server) -> list[int]:
    return [fault["fired"] for fault in injected_faults.list_all(server.settings)]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (409, "ConditionalRequestConflict"),
        (429, "SlowDown"),
        (500, "InternalError"),
        (503, "SlowDown"),
        (502, "InternalFailure"),
    ],
)
def test_s3_answers_an_error_as_often_as_asked_and_then_its_own(
    server: Server, s3: Any, status: int, code: str
) -> None:
    add(server, "s3", str(status), operation="GetObject", times=2)
    s3.head_bucket(Bucket=BUCKET)  # another operation
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            s3.get_object(Bucket=BUCKET, Key="object")
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
        assert caught.value.response["Error"]["Code"] == code
    assert s3.get_object(Bucket=BUCKET, Key="object")["Body"].read() == b"x" * 10_000
    assert fired(server) == [2]


@pytest.mark.parametrize(
    ("service", "call"), [("ssm", "describe_parameters"), ("ec2", "describe_vpcs"), ("sts", "get_caller_identity")]
)
def test_every_protocol_has_its_error(server: Server, service: str, call: str) -> None:
    add(server, service, "429")
    with pytest.raises(ClientError, match="ThrottlingException"):
        getattr(server.client(service), call)()
    getattr(server.client(service), call)()


def test_an_injected_fault_expires_credentials(server: Server, s3: Any) -> None:
    add(server, "s3", "expired", operation="GetObject")
    add(server, "ssm", "expired")
    with pytest.raises(ClientError, match="ExpiredToken"):
        s3.get_object(Bucket=BUCKET, Key="object")
    with pytest.raises(ClientError, match="ExpiredTokenException"):
        server.client("ssm").describe_parameters()
    assert fired(server) == [1, 1]


def test_only_requests_for_the_resource_fail(server: Server, s3: Any) -> None:
    add(server, "s3", "500", operation="GetObject", resource=f"{BUCKET}/obj")
    add(server, "ssm", "500", resource='"/mine/env"')
    ssm = server.client("ssm")
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket=BUCKET, Key="another")
    with pytest.raises(ClientError, match="ParameterNotFound"):
        ssm.get_parameter(Name="/other/env")
    assert fired(server) == [0, 0]
    with pytest.raises(ClientError, match="InternalError"):
        s3.get_object(Bucket=BUCKET, Key="object")
    with pytest.raises(ClientError, match="InternalFailure"):
        ssm.get_parameter(Name="/mine/env")
    assert fired(server) == [1, 1]


def test_a_slow_answer_is_correct_and_delays_no_other(server: Server, s3: Any) -> None:
    add(server, "ssm", "slow:0.5", operation="DescribeParameters")
    began = time.monotonic()
    server.client("ssm").describe_parameters()
    assert time.monotonic() - began >= 0.5
    assert fired(server) == [1]


def test_a_cut_answer_ends_in_the_middle(server: Server, s3: Any) -> None:
    add(server, "s3", "cut", operation="GetObject")
    with pytest.raises((IncompleteReadError, ResponseStreamingError)):
        s3.get_object(Bucket=BUCKET, Key="object")["Body"].read()
    assert len(s3.get_object(Bucket=BUCKET, Key="object")["Body"].read()) == 10_000


def test_a_stub_answers_an_error(server: Server) -> None:
    add(server, "echo", "429", operation="/usage")
    context = ssl.create_default_context(cafile=str(server.settings.ca_certificate))
    context.check_hostname = False
    request = urllib.request.Request(
        f"https://127.0.0.1:{server.settings.stub_port}/usage", headers={"Host": "echo.example.com"}
    )
    answers = []
    for _ in range(2):
        with pytest.raises(urllib.request.HTTPError) as caught:
            urllib.request.urlopen(request, context=context, timeout=10)
        answers.append(caught.value.code)
    assert answers == [429, 401]


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"service": "s3", "answer": "404"}, "choose 409, 429"),
        ({"service": "ssm", "answer": "409"}, "choose s3"),
        ({"service": "s3", "answer": "slow:4000"}, "too slow"),
        ({"service": "s3", "answer": "500", "times": 0}, "at least one request"),
        ({"service": "s3", "answer": "500", "seconds": 99999}, "3600 seconds"),
        ({"service": "nothing", "answer": "500"}, r"stub of the project \(echo, open\)"),
        ({"service": "s3", "answer": "500", "operation": "Get"}, "no operation"),
        ({"service": "echo", "answer": "500", "operation": "usage"}, "is a path"),
        ({"answer": "500"}, "service"),
    ],
)
def test_an_impossible_fault_is_refused(server: Server, order: dict[str, Any], words: str) -> None:
    with pytest.raises(injected_faults.InjectedFaultError, match=words):
        injected_faults.add(server.settings, order)
    assert injected_faults.list_all(server.settings) == []


def test_a_fault_ends_with_its_time() -> None:
    fault = Fault("s3", "500", seconds=60)
    assert not fault.ended
    fault.began -= 61
    assert fault.ended


def test_the_oldest_that_fits_fires_first() -> None:
    register = Faults()
    first, second = register.add(Fault("s3", "500")), register.add(Fault("s3", "503"))
    assert [register.fire(Target("s3", operation)) for operation in ("GetObject", "", "")] == [first, second, None]
    assert not register.any()


def test_a_single_fault_can_be_removed() -> None:
    register = Faults()
    first, second = register.add(Fault("s3", "500")), register.add(Fault("s3", "503"))
    register.clear(first.number)
    assert [one["number"] for one in register.documents()] == [second.number]


def test_only_this_machine_can_inject_faults() -> None:
    register = Faults()
    reached = []

    def application(_environ: Any, _start: Any) -> list[bytes]:
        reached.append(True)
        return []

    def check(_fault: Fault) -> None:
        raise FaultError("not reached")

    guarded = control(application, register, check)
    guarded({"PATH_INFO": FAULTS_PATH, "REMOTE_ADDR": "10.20.0.4", "REQUEST_METHOD": "POST"}, lambda *_: lambda _: None)
    assert reached == [True]


def test_without_a_sandbox_the_command_says_so(server: Server) -> None:
    nowhere = dataclasses.replace(server.settings, api_port=1)
    with pytest.raises(injected_faults.InjectedFaultError, match="does not run"):
        injected_faults.list_all(nowhere)


def test_the_command(server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sandbox.__main__.settings_for", lambda _name: server.settings)
    assert settings_for("test").api_port != server.settings.api_port
    assert main(["fault", "add", "s3", "503", "--operation", "GetObject", "--times", "3"]) == 0
    assert main(["fault", "list"]) == 0
    assert main(["fault", "list", "--json"]) == 0
    assert main(["fault", "add", "s3", "200"]) == 1
    assert main(["fault", "clear"]) == 0
    said = capsys.readouterr()
    assert said.out.count("s3 GetObject answers 503, fired 0 of 3, 600 s at most") == 2
    assert '"fired": 0' in said.out
    assert "choose 409, 429" in said.err
    assert injected_faults.list_all(server.settings) == []
