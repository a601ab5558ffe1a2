"""The policy that keeps the tags of hosts from everybody but the deployer, judged as IAM judges it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.server.aws.authorization.policy import Access, Decision, decide
from tests.unit.repo.helpers import ROOT, text_of

PATH = ROOT / "terraform" / "policies" / "deny-slipway-tags.json"
DENY: dict[str, Any] = json.loads(text_of(PATH))
EVERYTHING = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
INSTANCE = "arn:aws:ec2:eu-central-1:123456789012:instance/i-0123456789abcdef0"
VOLUME = INSTANCE.replace("instance/i-", "volume/vol-")
ADMINISTRATOR = "arn:aws:iam::123456789012:role/administrator"
DEPLOYER = "arn:aws:iam::123456789012:role/slipway-deployer"
SLIPWAYS = ("Name", "slipway:port")


def decision(
    action: str, keys: tuple[str, ...] | None, who: str, resource: str = INSTANCE, *, host: bool = True
) -> Decision:
    """What is said to somebody who may do everything else; no *keys* stand for all of a resource's tags."""
    context: dict[str, tuple[str, ...]] = {"aws:principalarn": (who,)}
    if keys is not None:
        context["aws:tagkeys"] = keys
    if host:
        context["aws:resourcetag/slipway:app"] = ("shop",)
    return decide([EVERYTHING, DENY], Access(f"ec2:{action}", resource, context))


@pytest.mark.parametrize(("action", "keys"), [("CreateTags", SLIPWAYS), ("DeleteTags", SLIPWAYS), ("DeleteTags", None)])
def test_only_the_deployer_changes_the_tags_of_hosts(action: str, keys: tuple[str, ...] | None) -> None:
    assert decision(action, keys, ADMINISTRATOR) is Decision.EXPLICIT_DENY
    assert decision(action, keys, DEPLOYER) is Decision.ALLOW


@pytest.mark.parametrize(
    "who",
    [
        "arn:aws:iam::123456789012:role/slipway-deployer-2",
        "arn:aws:iam::123456789012:role/team/slipway-deployer",
        "arn:aws:iam::123456789012:user/slipway-deployer",
    ],
)
def test_a_name_that_looks_alike_is_not_the_deployer(who: str) -> None:
    assert decision("CreateTags", SLIPWAYS, who) is Decision.EXPLICIT_DENY


def test_an_instance_becomes_no_host_by_a_tag() -> None:
    assert decision("CreateTags", ("slipway:app",), ADMINISTRATOR, host=False) is Decision.EXPLICIT_DENY


@pytest.mark.parametrize(
    "action",
    [
        "autoscaling:CreateAutoScalingGroup",
        "autoscaling:CreateOrUpdateTags",
        "cloudformation:CreateStack",
        "cloudformation:UpdateStack",
        "ec2:CreateFleet",
        "ec2:RunInstances",
    ],
)
def test_nobody_else_has_the_tags_put_on_by_a_service(action: str) -> None:
    """What these calls ask for is done by a service-linked role, which no policy binds: the call itself is denied."""

    def asked(who: str, *keys: str) -> Decision:
        context = {"aws:principalarn": (who,), "aws:tagkeys": keys}
        return decide([EVERYTHING, DENY], Access(action, "*", context))

    assert asked(ADMINISTRATOR, *SLIPWAYS) is Decision.EXPLICIT_DENY
    assert asked(ADMINISTRATOR, "Name") is Decision.ALLOW
    assert asked(DEPLOYER, *SLIPWAYS) is Decision.ALLOW


def test_other_tags_are_everybodys() -> None:
    assert decision("CreateTags", ("Name", "team"), ADMINISTRATOR) is Decision.ALLOW
    assert decision("DeleteTags", ("Name",), ADMINISTRATOR) is Decision.ALLOW
    assert decision("DeleteTags", None, ADMINISTRATOR, host=False) is Decision.ALLOW
    assert decision("CreateTags", SLIPWAYS, ADMINISTRATOR, VOLUME) is Decision.ALLOW


def test_what_writes_no_tags_is_not_touched() -> None:
    assert decision("StopInstances", None, ADMINISTRATOR) is Decision.ALLOW


def test_it_fits_into_every_kind_of_policy() -> None:
    """A service control policy has the least room: 5,120 characters."""
    assert len(json.dumps(DENY)) < 5120
