"""What `make env` finds out by itself, what it asks, and what it refuses; with an account that moto makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from slipway.environment import account, cloud, settle
from slipway.environment.account import AccountError
from slipway.environment.settle import Given

ACCOUNT = "123456789012"
REGION = "eu-central-1"
HERE = "203.0.113.7/32"


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An account with one key pair, and a machine that has an address and no region of its own."""
    for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent/config")
    monkeypatch.setattr(cloud, "address", lambda: HERE)
    with mock_aws():
        ec2 = boto3.client("ec2", region_name=REGION)
        ec2.create_key_pair(KeyName="dev")
        yield ec2


def nobody(question: str, _default: str | None) -> str:
    """Nothing may be asked."""
    pytest.fail(f"asked: {question}")


def test_everything_but_the_region_is_found_out() -> None:
    assert settle.settle(Given("dev", region=REGION), {}, None) == {
        "allowed_account_ids": [ACCOUNT],
        "region": REGION,
        "backend_http_cidrs": [HERE],
        "ssh_ingress_cidrs": [HERE],
        "ssh_key_name": "dev",
        "ssh_private_key_file": None,
    }


def test_the_region_of_the_shell_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", REGION)
    assert settle.settle(Given("dev"), {}, None)["region"] == REGION


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        (Given("dev"), "make env ENV=dev REGION="),
        (Given("dev", region="us-west-2"), "aws ec2 import-key-pair --region us-west-2 --key-name dev"),
        (Given("dev", region=REGION, key="other"), "make env ENV=dev KEY=<dev>"),
        (Given("dev", region=REGION, account="999999999999"), f"ACCOUNT={ACCOUNT}"),
    ],
)
def test_what_is_missing_or_wrong_is_named_with_its_argument(given: Given, fix: str) -> None:
    with pytest.raises(AccountError) as refused:
        settle.settle(given, {}, None)
    assert fix in str(refused.value)


def test_without_a_terminal_several_key_pairs_are_a_question_to_answer(aws: Any) -> None:
    aws.create_key_pair(KeyName="build")
    with pytest.raises(AccountError, match="KEY=<build dev>"):
        settle.settle(Given("dev", region=REGION), {}, None)
    assert settle.settle(Given("dev", region=REGION, key="build"), {}, None)["ssh_key_name"] == "build"


def test_without_an_answer_the_address_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud, "address", lambda: None)
    with pytest.raises(AccountError, match="make env ENV=dev CIDR="):
        settle.settle(Given("dev", region=REGION), {}, None)
    values = settle.settle(Given("dev", region=REGION), {}, lambda _question, _default: "198.51.100.0/24")
    assert values["ssh_ingress_cidrs"] == ["198.51.100.0/24"]


def test_a_person_is_asked_only_what_is_not_known(aws: Any) -> None:
    aws.create_key_pair(KeyName="build")
    asked: list[tuple[str, str | None]] = []

    def answer(question: str, default: str | None) -> str:
        asked.append((question, default))
        return {"AWS region of dev": REGION}.get(question, default or "")

    values = settle.settle(Given("dev", account=ACCOUNT), {}, answer)
    assert [question for question, _ in asked] == [
        "AWS region of dev",
        "Network that may log in and call the service",
        "EC2 key pair (build, dev)",
    ]
    assert (values["region"], values["ssh_key_name"]) == (REGION, "build")


def test_a_second_run_keeps_what_the_first_has_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    before = settle.settle(Given("dev", region=REGION, public=True), {}, None)
    monkeypatch.setattr(cloud, "address", lambda: pytest.fail("the address is known"))
    assert settle.settle(Given("dev"), before, nobody) == before
    closed = {**before, "ssh_ingress_cidrs": []}
    assert settle.settle(Given("dev"), closed, nobody)["ssh_ingress_cidrs"] == []


def test_an_environment_does_not_move_to_another_account_by_itself() -> None:
    before = {"allowed_account_ids": ["999999999999"], "region": REGION}
    with pytest.raises(AccountError, match=r"dev is account 999999999999.*AWS_PROFILE"):
        settle.settle(Given("dev"), before, None)
    moved = settle.settle(Given("dev", account=ACCOUNT, cidrs=[HERE]), before, None)
    assert moved["allowed_account_ids"] == [ACCOUNT]


def test_everybody_may_call_and_never_log_in() -> None:
    values = settle.settle(Given("dev", region=REGION, public=True), {}, None)
    assert (values["backend_http_cidrs"], values["ssh_ingress_cidrs"]) == (["0.0.0.0/0"], [HERE])
    for text in ("0.0.0.0/0", "::/0"):
        with pytest.raises(AccountError, match="PUBLIC=yes"):
            settle.network(text)
    with pytest.raises(AccountError, match="CIDR=203"):
        settle.network("203.0.113.7/24")
    assert settle.network(" 203.0.113.7 ") == HERE


def test_an_endpoint_of_the_shell_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(AccountError, match="unset AWS_ENDPOINT_URL"):
        settle.settle(Given("dev", region=REGION), {}, None)


def test_the_private_key_of_a_pair_is_found_where_it_usually_is(tmp_path: Path) -> None:
    assert settle.private_key("dev", tmp_path) is None
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "dev.pem").touch()
    assert settle.private_key("dev", tmp_path) == "~/.ssh/dev.pem"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the file of dev that says where Terraform's state is."""
    backend = tmp_path / "terraform/envs/dev/backend.hcl"
    backend.parent.mkdir(parents=True)
    backend.write_text('region       = "us-east-1"\nuse_lockfile = true\n')
    return tmp_path


def test_the_file_is_written_once_and_keeps_what_a_person_added(checkout: Path) -> None:
    path = account.path_of("dev", checkout)
    path.write_text('{"allowed_account_ids": [], "permissions_boundary_arn": "arn:x"}')
    values = {"allowed_account_ids": [ACCOUNT], "region": REGION, "ssh_private_key_file": None}
    assert account.write("dev", values, checkout) is True
    assert account.read(path) == {
        "allowed_account_ids": [ACCOUNT],
        "permissions_boundary_arn": "arn:x",
        "region": REGION,
    }
    assert (checkout / "terraform/envs/dev/backend.hcl").read_text().splitlines() == [
        f'region       = "{REGION}"',
        "use_lockfile = true",
    ]
    assert account.write("dev", values, checkout) is False


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_file_that_cannot_be_read_is_told(checkout: Path, text: str) -> None:
    path = account.path_of("dev", checkout)
    path.write_text(text)
    with pytest.raises(AccountError, match=r"account\.tfvars\.json .*(?s:.)*run this again"):
        account.read(path)
