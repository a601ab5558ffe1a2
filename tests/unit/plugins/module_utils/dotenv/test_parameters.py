"""SecureStrings: found, missing, refused, and never shown."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import AwsError, client
from ansible_collections.slipway.fastapi.plugins.module_utils._dotenv.parameters import describe, fetch, put

NAME = "/slipway/sandbox/app/env"


def test_what_is_written_is_read_and_versions_count(aws: dict[str, Any]) -> None:
    ssm = client("ssm", aws)
    assert put(ssm, NAME, "A=hunter2\n", tier="Standard", key_id=None) == 1
    assert put(ssm, NAME, "A=hunter3\n", tier="Standard", key_id="alias/mine") == 2
    parameter = fetch(ssm, NAME)
    assert parameter is not None
    assert (parameter.name, parameter.version, parameter.value) == (NAME, 2, "A=hunter3\n")
    assert "hunter" not in repr(parameter)
    assert (describe(ssm, NAME)["KeyId"], describe(ssm, NAME)["Tier"]) == ("alias/mine", "Standard")


@pytest.fixture
def time_zone() -> Iterator[pytest.MonkeyPatch]:
    """Lets a test set TZ; the old time zone is back afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch
    time.tzset()


def test_the_date_is_in_utc_whatever_the_time_zone_of_the_machine(
    aws: dict[str, Any], time_zone: pytest.MonkeyPatch
) -> None:
    ssm = client("ssm", aws)
    put(ssm, NAME, "A=1\n", tier="Standard", key_id=None)
    dates = set()
    for zone in ("UTC", "Asia/Tokyo", "America/Los_Angeles"):
        time_zone.setenv("TZ", zone)
        time.tzset()
        parameter = fetch(client("ssm", aws), NAME)
        assert parameter is not None
        dates.add(parameter.modified)
    assert len(dates) == 1
    assert dates.pop().endswith("+00:00")


def test_a_parameter_that_does_not_exist(aws: dict[str, Any]) -> None:
    ssm = client("ssm", aws)
    assert fetch(ssm, NAME) is None
    assert describe(ssm, NAME) == {}


def test_a_string_is_refused(aws: dict[str, Any], ssm: Any) -> None:
    ssm.put_parameter(Name=NAME, Type="String", Value="A=hunter2")
    with pytest.raises(AwsError, match=r"is a String, which AWS keeps in plain text .*; delete it, renew") as refused:
        fetch(client("ssm", aws), NAME)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("call", "action"),
    [
        (lambda ssm: fetch(ssm, NAME), "ssm:GetParameter on parameter"),
        (lambda ssm: describe(ssm, NAME), "ssm:DescribeParameters for"),
        (lambda ssm: put(ssm, NAME, "A=hunter2", tier="Standard", key_id=None), "ssm:PutParameter on parameter"),
    ],
)
def test_a_refusal_names_action_and_parameter(enforced_iam: dict[str, Any], call: Any, action: str) -> None:
    with pytest.raises(AwsError, match=f"^AWS refused {action} {NAME} ") as refused:
        call(client("ssm", enforced_iam))
    assert "hunter2" not in str(refused.value)
