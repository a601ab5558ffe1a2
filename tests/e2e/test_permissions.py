"""Each statement of the host's policy has a named purpose, and the policy allows nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.server.aws.authorization.policy import Access, Decision, decide
from tests.e2e.run import make
from tests.e2e.sample import changed_sample
from tests.e2e.world import World

REPORT = "/run/backend-verify/report.json"


@pytest.fixture(scope="module")
def policy(world: World) -> dict[str, Any]:
    """The policy of the host's role, as Terraform made it."""
    return dict(role_policy(world)["PolicyDocument"])


def role_policy(world: World) -> Any:
    """The role's only inline policy, with its names."""
    iam, ec2 = world.client("iam"), world.instance
    profile = ec2["IamInstanceProfile"]["Arn"].rpartition("/")[2]
    (role,) = iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"]
    (name,) = iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
    return iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)


@contextmanager
def without(world: World, sid: str) -> Iterator[None]:
    """Remove one statement from the role's policy."""
    iam, found = world.client("iam"), role_policy(world)
    names = {"RoleName": found["RoleName"], "PolicyName": found["PolicyName"]}
    whole = found["PolicyDocument"]
    rest = {**whole, "Statement": [each for each in whole["Statement"] if each["Sid"] != sid]}
    assert len(rest["Statement"]) == len(whole["Statement"]) - 1
    iam.put_role_policy(**names, PolicyDocument=json.dumps(rest))
    try:
        yield
    finally:
        iam.put_role_policy(**names, PolicyDocument=json.dumps(whole))


def red(world: World) -> dict[str, str]:
    """The failed probes with their causes."""
    report = json.loads(world.shell(f"rm -f {REPORT}; systemctl start backend-verify; cat {REPORT}"))
    return {probe["name"]: probe["cause"] for probe in report["probes"] if not probe["ok"]}


def as_host(world: World, call: str) -> str:
    """The result of an AWS call of the host with its role's credentials."""
    script = (
        f"import boto3\ndef client(name): return boto3.client(name, region_name='{world.settings.region}', "
        f"endpoint_url='{world.settings.host_api_url}')\n"
        f"try:\n    {call}\n    print('allowed')\nexcept Exception as error:\n    print(error)\n"
    )
    return world.shell(f"/opt/slipway/venv/bin/python - <<'PYTHON'\n{script}\nPYTHON")


def reading_parameters(world: World, sid: str, _tmp_path: Path) -> None:
    with without(world, sid):
        failed = make("release")
        assert red(world) == {}
    assert failed.code != 0
    assert "release : Write the environment file" in failed.output
    assert "ssm:GetParameter" in failed.output
    assert world.tags["slipway:env-parameter"] in failed.output


def reading_releases(world: World, sid: str, tmp_path: Path) -> None:
    try:
        assert make("publish", f"APP={changed_sample(tmp_path)}").code == 0
        with without(world, sid):
            failed = make("release")
            assert red(world) == {}
    finally:
        assert make("publish", "APP=examples/app").code == 0
    assert failed.code != 0
    assert "release : Unpack and build" in failed.output
    assert "s3:GetObject" in failed.output
    assert world.artifact[1] in failed.output


def using_content(world: World, sid: str, _tmp_path: Path) -> None:
    with without(world, sid):
        causes = red(world)
    assert list(causes) == ["s3"]
    assert "s3:PutObject" in causes["s3"]


def listing_content(world: World, sid: str, _tmp_path: Path) -> None:
    missing = f"{world.url}/objects/missing"
    assert httpx.get(missing, timeout=15).status_code == 404
    with without(world, sid):
        assert httpx.get(missing, timeout=15).status_code not in (200, 404)
        assert red(world) == {}


def writing_logs(world: World, sid: str, _tmp_path: Path) -> None:
    before, _, after = world.tags["slipway:content-bucket"].rpartition("-content-")
    bucket = f"{before}-logs-{after}"
    put = f"client('s3').put_object(Bucket='{bucket}', Key='app/test', Body=b'')"
    assert "allowed" in as_host(world, put)
    with without(world, sid):
        assert "not authorized to perform: s3:PutObject" in as_host(world, put)
        assert red(world) == {}


def judged(*actions: str) -> Callable[[World, str, Path], None]:
    """Judge the policy as the sandbox judges all others, because the sandbox has no Session Manager."""

    def check(world: World, sid: str, _tmp_path: Path) -> None:
        whole = role_policy(world)["PolicyDocument"]
        rest = {**whole, "Statement": [each for each in whole["Statement"] if each["Sid"] != sid]}
        arn = f"arn:aws:ec2:{world.settings.region}:{world.settings.account_id}:instance/{world.instance['InstanceId']}"
        for action in actions:
            resource = arn if action.startswith("ssm:") else "*"
            assert decide([whole], Access(action, resource)) is Decision.ALLOW
            assert decide([rest], Access(action, resource)) is Decision.IMPLICIT_DENY

    return check


# What fails without each statement. A new statement needs a line here.
NEEDED = {
    "ReadParameters": reading_parameters,
    "ReadReleases": reading_releases,
    "UseContent": using_content,
    "ListContent": listing_content,
    "WriteLogs": writing_logs,
    "RegisterWithSessionManager": judged("ssm:UpdateInstanceInformation"),
    "OpenSessions": judged("ssmmessages:CreateControlChannel", "ssmmessages:OpenDataChannel"),
}


def test_every_statement_is_known(policy: dict[str, Any]) -> None:
    assert {statement["Sid"] for statement in policy["Statement"]} == set(NEEDED)


@pytest.mark.parametrize("sid", NEEDED)
def test_removing_a_statement_breaks_only_what_needs_it(world: World, sid: str, tmp_path: Path) -> None:
    assert red(world) == {}
    NEEDED[sid](world, sid, tmp_path)
    assert red(world) == {}


@pytest.mark.parametrize("other", ["/slipway/sandbox/another-app/env", "/slipway/sandbox/location-content/env/deeper"])
def test_a_parameter_outside_the_allowed_path_is_denied(world: World, other: str) -> None:
    ssm = world.client("ssm")
    ssm.put_parameter(Name=other, Value="A=b", Type="SecureString")
    try:
        said = as_host(world, f"client('ssm').get_parameter(Name='{other}', WithDecryption=True)")
    finally:
        ssm.delete_parameter(Name=other)
    assert "AccessDenied" in said
    assert other in said
