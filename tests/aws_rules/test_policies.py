"""The policies that Terraform makes are right by AWS's own tables of actions, resources and condition keys."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from sandbox.server.aws.authorization.patterns import matches
from sandbox.server.aws.authorization.policy import Access, Decision, decide
from tests.aws_rules.account import ACCOUNT, SANDBOX_ACCOUNT
from tests.aws_rules.combinations import Combination, every_pair, state_buckets
from tests.aws_rules.planning import Plans
from tests.aws_rules.policies import TERRAFORM, Policy, code_of, planned, statements, written
from tests.unit.repo.policy_rules import listed

STACK = code_of("stacks/ec2", "modules")
STATE = code_of("state")
BOUNDARY = json.loads((TERRAFORM / "policies" / "host-boundary.json").read_text(encoding="utf-8"))
#: What the tables' auditors find and is as it should be: a pattern, and why.
ACCEPTED = {
    r"aws_iam_role\.host\.assume_role_policy: CREDENTIALS_EXPOSURE $": (
        "the action gives credentials to whom the policy trusts, and that is why a role has the policy"
    ),
}
#: The plan that has all of what the stack can have.
fullest = pytest.mark.parametrize("combination", every_pair()[:1], ids=lambda each: each.name)


def policies(name: str, plans: Plans) -> list[Policy]:
    """The policies of a plan, all of which can be checked."""
    found, unchecked = planned(plans.changes(name))
    assert unchecked == []
    return found


def assert_right(name: str, code: str, plans: Plans) -> None:
    """The plan has each policy of the code, and nothing speaks against one."""
    found = policies(name, plans)
    assert written(code) - {(each.resource, each.argument) for each in found} == set()
    assert [fault for each in found for fault in each.faults() if not is_accepted(fault)] == []


def is_accepted(fault: str) -> bool:
    """Whether there is a reason for what is found."""
    return any(re.search(pattern, fault) for pattern in ACCEPTED)


def test_the_stack_makes_right_policies(combination: Combination, plans: Plans) -> None:
    assert_right(combination.name, STACK, plans)


@pytest.mark.parametrize("name", state_buckets())
def test_the_bucket_of_states_has_a_right_policy(name: str, plans: Plans) -> None:
    assert_right(name, STATE, plans)
    assert_each_is_checked(statements(STATE), policies(name, plans))


@fullest
def test_each_statement_of_the_code_is_checked(combination: Combination, plans: Plans) -> None:
    assert_each_is_checked(statements(STACK), policies(combination.name, plans))


@fullest
def test_each_finding_that_is_accepted_is_still_found(combination: Combination, plans: Plans) -> None:
    faults = [fault for each in policies(combination.name, plans) for fault in each.faults()]
    assert [pattern for pattern in ACCEPTED if not any(re.search(pattern, each) for each in faults)] == []


def assert_each_is_checked(sids: list[str], found: list[Policy]) -> None:
    """Each of the code's statements has a name, and a planned policy has it."""
    assert sids
    assert "" not in sids, "a statement has no sid"
    names = {sid for each in found for sid in each.sids()}
    assert [sid for sid in sids if not any(matches(sid, name) for name in names)] == []


def test_the_boundary_allows_what_the_hosts_policy_allows(combination: Combination, plans: Plans) -> None:
    """What the boundary does not allow is refused to the host, although its own policy allows it."""
    account = SANDBOX_ACCOUNT if combination.env == "sandbox" else ACCOUNT
    context = {"aws:principalaccount": (account,), "s3:resourceaccount": (account,)}
    (own,) = (each for each in policies(combination.name, plans) if each.resource == "aws_iam_role_policy.host")
    accesses = [
        Access(action, resource, context)
        for statement in listed(own.document["Statement"])
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]
    assert accesses
    refused = [each for each in accesses if decide([BOUNDARY], each) is not Decision.ALLOW]
    assert [f"{each.action} {each.resource}" for each in refused] == []


HOST, TRUST, BUCKET = "aws_iam_role_policy.host", "aws_iam_role.host", "aws_s3_bucket_policy.this"


FAULTS: list[tuple[str, str, dict[str, Any], str]] = [
    (HOST, "UseContent", {"Action": "s3:GetObjekt"}, "the action s3:GetObjekt does not exist"),
    (HOST, "ReadReleases", {"Action": "s3:GetObject*"}, "s3:GetObject* allows actions that are not named"),
    (HOST, "ReadParameters", {"Resource": "*"}, "ssm:GetParameter has no resource of the statement"),
    (HOST, "UseContent", {"Resource": "*"}, "s3:PutObject has no resource of the statement"),
    (HOST, "UseContent", {"Resource": "arn:aws:s3:::a-bucket"}, "s3:PutObject has no resource of the statement"),
    (
        HOST,
        "ListContent",
        {"Resource": "arn:aws:s3:::a-bucket/*"},
        "s3:ListBucket has no resource of the statement",
    ),
    (
        HOST,
        "RegisterWithSessionManager",
        {"Resource": "arn:aws:ssm:*:*:document/*"},
        "no action of the statement has the resource arn:aws:ssm:*:*:document/*",
    ),
    (
        HOST,
        "WriteLogs",
        {"Condition": {"StringEquals": {"s3:ResourceAcount": "1"}}},
        "the condition key s3:ResourceAcount is not one of s3:PutObject",
    ),
    (HOST, "UseContent", {"Action": None, "NotAction": "s3:GetObject"}, "NotAction does not name what it means"),
    (TRUST, "Instances", {"Action": "sts:AssumeRoll"}, "the action sts:AssumeRoll does not exist"),
    (TRUST, "Instances", {"Action": "s3:GetObject"}, "s3:GetObject has no resource of the statement"),
    (
        TRUST,
        "Instances",
        {"Condition": {"StringEquals": {"ec2:SourceInstance": "i-1"}}},
        "the condition key ec2:SourceInstance is not one of sts:AssumeRole",
    ),
    (TRUST, "Instances", {"Principal": {"AWS": "arn:aws:iam::1:nobody"}}, "UNKNOWN_PRINCIPAL"),
    (BUCKET, "TlsOnly", {"Action": "s4:*"}, "the action s4:* does not exist"),
    (
        BUCKET,
        "AccessLogContent",
        {"Resource": "arn:aws:s3:::a-bucket"},
        "s3:PutObject has no resource of the statement",
    ),
    (
        BUCKET,
        "AccessLogContent",
        {"Condition": {"StringEquals": {"aws:SourceAcount": "1"}}},
        "the condition key aws:SourceAcount is not one of s3:PutObject",
    ),
]


@fullest
@pytest.mark.parametrize(
    ("resource", "sid", "changes", "said"),
    FAULTS,
    ids=[f"{resource} {sid} {', '.join(changes)}" for resource, sid, changes, _ in FAULTS],
)
def test_a_fault_of_a_policy_is_found(
    combination: Combination, resource: str, sid: str, changes: Mapping[str, Any], said: str, plans: Plans
) -> None:
    """The policy is the plan's, but for one element of one statement."""
    found = policies(combination.name, plans)
    policy = next(each for each in found if each.resource == resource and sid in each.sids())
    changed = [
        {name: value for name, value in {**each, **changes}.items() if value is not None}
        if each["Sid"] == sid
        else each
        for each in listed(policy.document["Statement"])
    ]
    faults = replace(policy, document={**policy.document, "Statement": changed}).faults()
    faults = [each for each in faults if not is_accepted(each)]
    assert any(said in each and each.startswith(policy.address) for each in faults), faults


def change(type_name: str, after: Mapping[str, Any], unknown: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of a plan's `resource_changes`."""
    return {
        "mode": "managed",
        "address": f"{type_name}.a",
        "type": type_name,
        "name": "a",
        "change": {"after": after, "after_unknown": unknown},
    }


def test_a_policy_or_statement_that_no_plan_has_is_named(plans: Plans) -> None:
    """As the bucket of states would be, if its code had one more policy and statement than its plan."""
    more = 'resource "aws_sqs_queue" "b" {\n  policy = 1\n}\n'
    with pytest.raises(AssertionError, match=r"aws_sqs_queue\.b"):
        assert_right("state_own", STATE + more, plans)
    with pytest.raises(AssertionError, match="ReadAll"):
        assert_each_is_checked([*statements(STATE), "ReadAll"], policies("state_own", plans))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (change("aws_iam_role_policy", {}, {"policy": True}), "aws_iam_role_policy.a.policy is known only when"),
        (change("aws_sqs_queue", {"policy": '{"Statement": []}'}, {}), "aws_sqs_queue.a.policy holds a policy"),
        (
            change(
                "aws_iam_role",
                {"assume_role_policy": '{"Statement": []}', "inline_policy": [{"policy": '{\n  "Statement": []\n}'}]},
                {},
            ),
            "aws_iam_role.a.inline_policy.0.policy holds a policy",
        ),
    ],
    ids=["unknown", "another type", "another argument"],
)
def test_a_policy_that_is_not_checked_is_named(given: Mapping[str, Any], said: str) -> None:
    _, unchecked = planned([given])
    assert len(unchecked) == 1
    assert unchecked[0].startswith(said)


def test_the_reader_of_the_code_sees_policies_and_their_statements() -> None:
    code = """
data "aws_iam_policy_document" "a" {
  statement {
    sid     = "Read"
    actions = []
  }

  dynamic "statement" {
    for_each = []

    content {
      sid = "Log${title(statement.value)}s"
    }
  }

  statement {
    actions = []
  }
}

resource "aws_sqs_queue" "b" {
  policy = data.aws_iam_policy_document.a.json
}

resource "aws_s3_bucket_public_access_block" "c" {
  block_public_policy = true
}
"""
    assert statements(code) == ["Read", "Log*s", ""]
    assert written(code) == {("aws_sqs_queue.b", "policy")}
    assert written(STACK) == {(HOST, "policy"), (TRUST, "assume_role_policy"), (BUCKET, "policy")}
    assert written(STATE) == {(BUCKET, "policy")}
