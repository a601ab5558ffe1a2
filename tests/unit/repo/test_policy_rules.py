"""Every policy that is shipped is right by AWS's own tables of actions, resources and condition keys."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest

from tests.unit.repo.helpers import ROOT, text_of
from tests.unit.repo.policy_rules import findings, problems

POLICIES = {path.stem: json.loads(text_of(path)) for path in sorted((ROOT / "terraform" / "policies").glob("*.json"))}

#: What parliament finds in the deployer's policy and is as it should be: a pattern, and why.
ACCEPTED = {
    r"RESOURCE_POLICY_PRIVILEGE_ESCALATION .*-(content|logs)-.* s3:(Put|Get)Object not being allowed": (
        "an explicit Deny of these actions on these objects outweighs every bucket policy (test_escalation)"
    ),
    r"RESOURCE_POLICY_PRIVILEGE_ESCALATION .* s3:DeleteObject not being allowed": (
        "it is allowed, by a statement on slipway-*/*, whose name parliament compares letter by letter"
    ),
    r"PRIVILEGE_ESCALATION CreateEC2WithExistingIP": (
        "what Terraform does. The roles have the boundary, and PassRole is for EC2 and slipway-* only (test_escalation)"
    ),
    r"RESOURCE_MISMATCH (ec2:(RunInstances|CreateRouteTable) |rds:CreateDBInstance )": (
        "the action has several resources, and a statement with other conditions has the rest (test_deployer_policy)"
    ),
    r"RESOURCE_MISMATCH ssmmessages:OpenDataChannel \*": "AWS's sample for end users names the session",
    r"UNKNOWN_CONDITION_FOR_ACTION .* iam:PermissionsBoundary for action iam:UpdateAssumeRolePolicy": (
        "the newer table has the key. If AWS did not send it, the action would be denied: the safe side"
    ),
    r"UNKNOWN_CONDITION_FOR_ACTION .* kms:ResourceAliases for action kms:DescribeKey": "the newer table has it",
    r"MISMATCHED_TYPE_BUT_USABLE .* String but given Arn": "AWS's own examples compare iam:PermissionsBoundary as text",
}


@pytest.mark.parametrize("name", POLICIES)
def test_actions_resources_and_condition_keys_are_awss(name: str) -> None:
    assert problems(POLICIES[name]) == []


@pytest.mark.parametrize("name", [name for name in POLICIES if name != "deployer"])
def test_parliament_finds_nothing(name: str) -> None:
    assert findings(POLICIES[name]) == []


def test_parliament_finds_only_what_is_accepted_with_a_reason() -> None:
    found = findings(POLICIES["deployer"])
    assert [each for each in found if not any(re.search(pattern, each) for pattern in ACCEPTED)] == []
    assert [pattern for pattern in ACCEPTED if not any(re.search(pattern, each) for each in found)] == []


def statement(**changes: Any) -> dict[str, Any]:
    """A statement without a fault, but for the changes."""
    return {
        "Sid": "S",
        "Effect": "Allow",
        "Action": ["s3:GetObject"],
        "Resource": "arn:aws:s3:::slipway-x/*",
        "Condition": {"StringEquals": {"s3:ResourceAccount": "123456789012"}},
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, None),
        ({"Action": "s3:GetObjekt"}, "the action s3:GetObjekt does not exist"),
        ({"Action": "s4:GetObject"}, "the action s4:GetObject does not exist"),
        ({"Action": ["s3:GetObject", "ec2:FixInstance"]}, "the action ec2:FixInstance does not exist"),
        ({"Effect": "Deny", "Action": "s3:Gte*"}, "the action s3:Gte* does not exist"),
        ({"Action": "s3:GetObject*"}, "s3:GetObject* allows actions that are not named"),
        ({"NotAction": "s3:GetObject"}, "NotAction does not name what it means, so it cannot be checked"),
        ({"NotResource": "*"}, "NotResource does not name what it means, so it cannot be checked"),
        ({"Action": "s3:ListBucket"}, "no action of the statement has the resource arn:aws:s3:::slipway-x/*"),
        ({"Action": ["s3:GetObject", "s3:ListBucket"]}, "s3:ListBucket has no resource of the statement"),
        ({"Resource": "*"}, "s3:GetObject has no resource of the statement"),
        ({"Resource": "arn:aws:ec2:*:*:instance/*"}, "s3:GetObject has no resource of the statement"),
        (
            {"Action": "iam:GetRole", "Resource": "arn:aws:iam:eu-central-1:1:role/x", "Condition": {}},
            "no action of the statement has the resource arn:aws:iam:eu-central-1:1:role/x",
        ),
        (
            {"Action": "iam:GetRole", "Resource": "arn:aws:iam::*:instance-profile/x", "Condition": {}},
            "no action of the statement has the resource arn:aws:iam::*:instance-profile/x",
        ),
        (
            {"Condition": {"StringEquals": {"s3:ResourceAcount": "1"}}},
            "the condition key s3:ResourceAcount is not one of s3:GetObject",
        ),
        (
            {"Condition": {"StringEquals": {"iam:PassedToService": "x"}}},
            "the condition key iam:PassedToService is not one of s3:GetObject",
        ),
        (
            {"Effect": "Deny", "Condition": {"StringEquals": {"aws:RequestTag/a": "x"}}},
            "the condition key aws:RequestTag/a is not one of s3:GetObject",
        ),
    ],
)
def test_a_planted_fault_is_found(changes: dict[str, Any], said: str | None) -> None:
    found = problems({"Version": "2012-10-17", "Statement": statement(**changes)})
    assert (f"S: {said}" in found) if said else found == []


@pytest.mark.parametrize(
    ("action", "resource", "said"),
    [
        ("s3:GetObjekt", "arn:aws:s3:::slipway-x/*", "UNKNOWN_ACTION"),
        (
            "s3:PutBucketPolicy",
            "arn:aws:s3:::payroll-*",
            "RESOURCE_POLICY_PRIVILEGE_ESCALATION .*payroll.* s3:PutObject",
        ),
        ("iam:AttachUserPolicy", "arn:aws:iam::*:user/slipway-*", "PRIVILEGE_ESCALATION AttachUserPolicy"),
        ("iam:GetRole", "arn:aws:iam::*:user/x", "RESOURCE_MISMATCH iam:GetRole"),
    ],
)
def test_a_fault_in_the_deployers_policy_is_no_accepted_finding(action: str, resource: str, said: str) -> None:
    policy = copy.deepcopy(POLICIES["deployer"])
    policy["Statement"].append({"Effect": "Allow", "Action": action, "Resource": resource})
    new = [each for each in findings(policy) if not any(re.search(pattern, each) for pattern in ACCEPTED)]
    assert any(re.search(said, each) for each in new), new
