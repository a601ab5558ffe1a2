"""Wrong input ends in one clear message, and API and hosts are unchanged.

tests/faults tests bad archives, parameters and hosts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.run import Run, make
from tests.e2e.world import World
from tests.refused_env import REFUSED

VALUE = "canary-value-7f3a"


def assert_refused(done: Run, *words: str) -> None:
    """The command failed with its reason, without a traceback and without the value."""
    assert done.code != 0, done.output[-3000:]
    for word in words:
        assert word in done.output, f"{word!r} is not in:\n{done.output[-3000:]}"
    assert "Traceback" not in done.output
    assert VALUE not in done.output


@contextmanager
def unchanged(world: World, tried: bool = False) -> Iterator[None]:
    """API and host are unchanged at the end. With ``tried``, a release was started and reverted."""
    api, host = world.api_state(), world.host_state(tried)
    yield
    assert world.api_state() == api
    assert world.host_state(tried) == host


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("prot = 8000\n", ("prot", "undeclared")),
        ('ssh_ingress_cidrs = ["0.0.0.0/0"]\n', ("0.0.0.0/0", "SSH")),
        pytest.param('ssh_ingress_cidrs = ["::/0"]\n', ("::/0", "SSH"), marks=pytest.mark.long),
        pytest.param("backend_port = 80\n", ("backend_port", "1024"), marks=pytest.mark.long),
    ],
    ids=["unknown key", "SSH from everywhere", "SSH from everywhere by IPv6", "privileged port"],
)
def test_bad_tfvars_are_refused(world: World, tmp_path: Path, content: str, words: tuple[str, ...]) -> None:
    file = tmp_path / "my.tfvars"
    file.write_text(content)
    with unchanged(world):
        assert_refused(make("site", f"ARGS=-e vars_file={file}"), *words)


# A unit test of the module `env_push` also checks the message of each row.
@pytest.mark.parametrize(
    "row", [row if row == "expansion" else pytest.param(row, marks=pytest.mark.long) for row in REFUSED]
)
def test_a_bad_env_file_is_refused(world: World, tmp_path: Path, row: str) -> None:
    content, line = REFUSED[row]
    file = tmp_path / "app.env"
    file.write_bytes(content.replace(b"%s", VALUE.encode()))
    with unchanged(world):
        assert_refused(make("env-push", f"FILE={file}"), line)


def test_a_too_large_env_file_is_refused(world: World, tmp_path: Path) -> None:
    file = tmp_path / "app.env"
    file.write_text("".join(f"KEY_{n}={VALUE}{'x' * 80}\n" for n in range(60)))
    with unchanged(world):
        assert_refused(make("env-push", f"FILE={file}"), "4096", "slipway_env_tier")
        allowed = make("env-push", f"FILE={file}", "ARGS=--check -e slipway_env_tier=Advanced")
    assert allowed.code == 0, allowed.output[-3000:]


@pytest.mark.parametrize(
    "arguments",
    [("env-push", "FILE=/nonexistent/.env"), ("publish", "APP=/nonexistent/app")],
    ids=["no file", "no folder"],
)
def test_missing_files_are_named(world: World, arguments: tuple[str, str]) -> None:
    with unchanged(world):
        assert_refused(make(*arguments), "/nonexistent/")


def test_publish_without_main(world: World, tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("x = 1\n")
    with unchanged(world):
        assert_refused(make("publish", f"APP={tmp_path}"), "main.py")


@contextmanager
def tag(world: World, name: str, value: str) -> Iterator[None]:
    """An instance's tag has another value, and then the right one again."""
    ec2, instance, right = world.client("ec2"), world.instance["InstanceId"], world.tags[name]
    ec2.create_tags(Resources=[instance], Tags=[{"Key": name, "Value": value}])
    try:
        yield
    finally:
        ec2.create_tags(Resources=[instance], Tags=[{"Key": name, "Value": right}])


def test_a_parameter_without_permission_is_reported(world: World) -> None:
    other = "/slipway/sandbox/location-content/other"
    with tag(world, "slipway:env-parameter", other), unchanged(world):
        assert_refused(make("release"), "ssm:GetParameter", other, '"Effect": "Allow", "Action": "ssm:GetParameter"')


def test_a_missing_artifact_is_reported(world: World) -> None:
    bucket, _ = world.artifact
    with tag(world, "slipway:artifact", f"s3://{bucket}/releases/absent.zip"), unchanged(world):
        assert_refused(make("release"), "releases/absent.zip", "publish")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("slipway:artifact", "s3://somebody-elses-bucket/releases/app.zip"),
        pytest.param("slipway:env-parameter", "/slipway/prod/location-content/env", marks=pytest.mark.long),
        pytest.param("slipway:port", "22", marks=pytest.mark.long),
        pytest.param("slipway:app", "x @ y", marks=pytest.mark.long),
    ],
)
def test_a_tag_outside_the_allow_list_is_refused(world: World, name: str, value: str) -> None:
    with tag(world, name, value), unchanged(world):
        assert_refused(make("release"), world.instance["InstanceId"], "cannot be trusted")


def test_an_unreachable_host_is_reported(world: World) -> None:
    ec2, instance = world.client("ec2"), world.instance["InstanceId"]
    own = [each["GroupId"] for each in world.instance["SecurityGroups"]]
    filters = [{"Name": "vpc-id", "Values": [world.instance["VpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
    (closed,) = [each["GroupId"] for each in ec2.describe_security_groups(Filters=filters)["SecurityGroups"]]
    with unchanged(world):
        ec2.modify_instance_attribute(InstanceId=instance, Groups=[closed])
        try:
            time.sleep(2)
            # An open connection survives a change of the groups, in AWS too.
            done = make("configure", "ARGS=-e slipway_boot_seconds=8 -e ansible_ssh_args=-oControlPath=none")
        finally:
            ec2.modify_instance_attribute(InstanceId=instance, Groups=own)
            time.sleep(2)
        assert_refused(done, instance, "SSH", "ssh_ingress_cidrs")
    assert make("plan").output.count("nothing to change") == 1


# A container shares its machine's clock, so the clock is shifted in the login user's Python.
SHIFT_CLOCK = """
place=$(runuser -u slipway -- python3 -m site --user-site)
runuser -u slipway -- mkdir -p "$place"
echo 'import time; right = time.time; time.time = lambda: right() - 3600' > "$place/usercustomize.py"
"""
RIGHT_CLOCK = "rm -rf ~slipway/.local"


def test_a_wrong_clock_is_reported(world: World) -> None:
    with unchanged(world):
        world.shell(SHIFT_CLOCK)
        try:
            done = make("release")
        finally:
            world.shell(RIGHT_CLOCK)
        assert_refused(done, f"The clock of {world.instance['InstanceId']} is 36", "behind", "timedatectl")


def test_an_unreachable_database_is_reported(world: World) -> None:
    with unchanged(world):
        world.database.pause()
        try:
            done = make("configure")
        finally:
            world.database.unpause()
        assert_refused(done, "database", "5432")
