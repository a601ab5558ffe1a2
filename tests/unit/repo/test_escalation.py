"""No shipped policy leads to administrator: known ways up are tried, and each is refused or ends at the boundary.

The ways are those of "AWS IAM Privilege Escalation - Methods and Mitigation" (Rhino Security Labs) and of parliament's
auditor `privilege_escalation`, with what this account has beside them: states, master passwords, bucket policies.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.server.aws.authorization.policy import Access, Decision, decide, decide_all
from tests.unit.repo.helpers import ROOT, text_of

Document = dict[str, Any]
POLICIES = ROOT / "terraform" / "policies"
DEPLOYER: Document = json.loads(text_of(POLICIES / "deployer.json"))
BOUNDARY: Document = json.loads(text_of(POLICIES / "host-boundary.json"))
EVERYTHING: Document = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}

ACCOUNT = "123456789012"
IAM = f"arn:aws:iam::{ACCOUNT}:"
OURS, SELF, OTHER = f"{IAM}role/slipway-dev-shop", f"{IAM}role/slipway-deployer", f"{IAM}role/administrator"
OUR_BOUNDARY = f"{IAM}policy/slipway-boundary"
SECRET = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:rds!db-0123-abc"
STATES = f"arn:aws:s3:::slipway-state-dev-{ACCOUNT}"
CONTENT, LOGS = (f"arn:aws:s3:::slipway-dev-shop-{kind}-{ACCOUNT}" for kind in ("content", "logs"))
INSTANCE = f"arn:aws:ec2:eu-central-1:{ACCOUNT}:instance/i-1"

#: Ways up that change a role, and the boundary that their condition key shows.
ON_ROLES = "AttachRolePolicy CreateRole PutRolePermissionsBoundary PutRolePolicy UpdateAssumeRolePolicy"
WRONG_BOUNDARIES = (None, "arn:aws:iam::aws:policy/AdministratorAccess", f"{IAM}policy/slipway-boundary-2")
#: Ways up for which a deployer has no use whatever they name.
NEVER = {
    f"{IAM}user/anna": (
        "AddUserToGroup AttachUserPolicy CreateAccessKey CreateLoginProfile CreateServiceSpecificCredential CreateUser "
        "DeleteUserPermissionsBoundary PutUserPolicy UpdateLoginProfile"
    ),
    f"{IAM}group/all": "AddUserToGroup AttachGroupPolicy PutGroupPolicy",
    OUR_BOUNDARY: "CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion SetDefaultPolicyVersion",
    OURS: "AttachRolePolicy DeleteRolePermissionsBoundary",
    SELF: f"{ON_ROLES} DeleteRole DeleteRolePolicy DeleteRolePermissionsBoundary PassRole TagRole UpdateRole",
    OTHER: f"{ON_ROLES} DeleteRole DeleteRolePolicy PassRole TagRole UpdateRole",
}
STATE_CHANGES = (
    "DeleteBucket DeleteBucketPolicy PutBucketAcl PutBucketPolicy PutBucketPublicAccessBlock PutBucketVersioning "
    "PutEncryptionConfiguration PutLifecycleConfiguration PutReplicationConfiguration"
)
#: Ways to what the deployer may not read or undo.
OTHERS = [
    *((f"s3:{action}", STATES) for action in STATE_CHANGES.split()),
    *((f"s3:{action}", f"{STATES}/dev/shop/terraform.tfstate") for action in ("DeleteObjectVersion", "PutObjectAcl")),
    *((f"s3:{action}", f"{bucket}/x") for action in ("GetObject", "PutObject") for bucket in (CONTENT, LOGS)),
    ("secretsmanager:GetSecretValue", SECRET),
    ("secretsmanager:GetSecretValue", SECRET.replace("rds!db", "payroll")),
    ("secretsmanager:PutResourcePolicy", SECRET),
    ("sts:AssumeRole", OTHER),
    ("ec2:AssociateIamInstanceProfile", INSTANCE),
    ("ssm:SendCommand", INSTANCE),
    ("lambda:CreateFunction", f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:slipway-x"),
    ("cloudformation:CreateStack", f"arn:aws:cloudformation:eu-central-1:{ACCOUNT}:stack/slipway-x/1"),
]


def tries() -> Iterator[Access]:
    """Every way up, each as the request that would be made."""
    base = {"aws:principalaccount": (ACCOUNT,), "s3:resourceaccount": (ACCOUNT,), "aws:userid": ("AROA:me",)}
    for action in ON_ROLES.split():
        for boundary in WRONG_BOUNDARIES:
            yield Access(f"iam:{action}", OURS, base | ({"iam:permissionsboundary": (boundary,)} if boundary else {}))
    within = base | {"iam:permissionsboundary": (OUR_BOUNDARY,), "iam:passedtoservice": ("ec2.amazonaws.com",)}
    for resource, actions in NEVER.items():
        for action in actions.split():
            yield Access(f"iam:{action}", resource, within)
    for service in ("lambda", "ecs-tasks", "cloudformation", "glue", "sagemaker"):
        yield Access("iam:PassRole", OURS, base | {"iam:passedtoservice": (f"{service}.amazonaws.com",)})
    for name, resource in OTHERS:
        yield Access(name, resource, base)
    payroll = {"aws:resourcetag/aws:rds:primarydbinstancearn": (f"arn:aws:rds:eu-central-1:{ACCOUNT}:db:payroll",)}
    yield Access("secretsmanager:GetSecretValue", SECRET, base | payroll)


def ways_up(policy: Document) -> list[str]:
    """The ways up that *policy* leaves open."""
    return [f"{each.action} {each.resource}" for each in tries() if decide([policy], each) is Decision.ALLOW]


def test_the_deployer_finds_no_way_up() -> None:
    assert ways_up(DEPLOYER) == []


def test_more_permissions_beside_it_open_no_role_without_the_boundary() -> None:
    """What is attached to the deployer in addition does not open the ways that the policy denies."""
    on_ours = [each for each in tries() if each.resource == OURS and "iam:permissionsboundary" not in each.context]
    decisions = {each.action: decide([DEPLOYER, EVERYTHING], each) for each in on_ours if "PassRole" not in each.action}
    assert decisions == {f"iam:{action}": Decision.EXPLICIT_DENY for action in ON_ROLES.split()}


def without(sid: str, element: str | None = None) -> Callable[[Document], None]:
    """A fault: the statement, or one element of it, is gone."""

    def plant(policy: Document) -> None:
        (statement,) = [each for each in policy["Statement"] if each["Sid"] == sid]
        if element is None:
            policy["Statement"].remove(statement)
        else:
            del statement[element]

    return plant


def allowing(action: str, resource: str) -> Callable[[Document], None]:
    """A fault: a statement too many."""
    return lambda policy: policy["Statement"].append({"Effect": "Allow", "Action": action, "Resource": resource})


def several(*faults: Callable[[Document], None]) -> Callable[[Document], None]:
    def plant(policy: Document) -> None:
        for fault in faults:
            fault(policy)

    return plant


@pytest.mark.parametrize(
    ("plant", "way"),
    [
        (
            several(without("NoRoleWithoutTheBoundary"), without("HostRolesWithinTheBoundary", "Condition")),
            "CreateRole",
        ),
        (several(without("NoRoleWithoutTheBoundary"), allowing("iam:AttachRolePolicy", OURS)), "AttachRolePolicy"),
        (several(without("TheBoundaryStays"), allowing("iam:*", OUR_BOUNDARY)), "CreatePolicyVersion"),
        (several(without("TheBoundaryStays"), allowing("iam:Delete*", OURS)), "DeleteRolePermissionsBoundary"),
        (without("NotItsOwnRole"), "PutRolePolicy"),
        (without("GiveHostsTheirRole", "Condition"), "PassRole"),
        (without("StatesAreOnlyReadAndWritten"), "PutLifecycleConfiguration"),
        (
            several(without("NoObjectsOfTheApplication"), allowing("s3:GetObject", "arn:aws:s3:::slipway-*")),
            "GetObject",
        ),
        (without("MasterPasswordsOfOurDatabases", "Condition"), "GetSecretValue"),
        (allowing("iam:CreateAccessKey", "*"), "CreateAccessKey"),
        (allowing("sts:AssumeRole", "*"), "AssumeRole"),
    ],
)
def test_a_planted_way_up_is_found(plant: Callable[[Document], None], way: str) -> None:
    policy = copy.deepcopy(DEPLOYER)
    plant(policy)
    assert any(way in found for found in ways_up(policy))


@pytest.mark.parametrize("principal", ["AWS", "*"])
def test_a_bucket_policy_of_its_own_making_gives_the_deployer_no_objects(principal: str) -> None:
    """parliament calls s3:PutBucketPolicy without s3:GetObject RESOURCE_POLICY_PRIVILEGE_ESCALATION."""
    who: Any = "*" if principal == "*" else {"AWS": SELF}
    granted = {"Statement": {"Effect": "Allow", "Principal": who, "Action": "s3:*", "Resource": f"{CONTENT}/*"}}
    access = Access("s3:GetObject", f"{CONTENT}/x", {"aws:principalaccount": (ACCOUNT,)})
    assert decide_all([[DEPLOYER]], [granted], access, frozenset({SELF}), "session") is Decision.EXPLICIT_DENY


WITHIN = [
    ("ssm:GetParameter", f"arn:aws:ssm:eu-central-1:{ACCOUNT}:parameter/slipway/dev/shop/env"),
    ("s3:GetObject", f"arn:aws:s3:::slipway-dev-shop-artifacts-{ACCOUNT}/releases/app.zip"),
    ("s3:DeleteObject", f"{CONTENT}/x"),
    ("s3:ListBucket", CONTENT),
    ("s3:PutObject", f"{LOGS}/app/x"),
    ("ssm:UpdateInstanceInformation", INSTANCE),
    ("ssmmessages:OpenDataChannel", "*"),
]
BEYOND = [
    *(("iam:" + action, OURS) for action in f"{ON_ROLES} PassRole CreateAccessKey".split()),
    ("sts:AssumeRole", OTHER),
    ("s3:GetObject", f"{STATES}/dev/shop/terraform.tfstate"),
    ("s3:PutObject", f"{STATES}/dev/shop/terraform.tfstate"),
    ("s3:PutObject", f"arn:aws:s3:::slipway-dev-shop-deployments-{ACCOUNT}/shop/lease.json"),
    ("s3:GetObject", "arn:aws:s3:::slipway-dev-shop-artifacts-999999999999/releases/app.zip"),
    ("s3:PutObject", f"{LOGS}/access/x"),
    ("s3:PutBucketPolicy", CONTENT),
    ("s3:GetObject", "arn:aws:s3:::payroll/x"),
    ("secretsmanager:GetSecretValue", SECRET),
    ("ssm:GetParameter", f"arn:aws:ssm:eu-central-1:{ACCOUNT}:parameter/payroll/env"),
    ("ssm:PutParameter", f"arn:aws:ssm:eu-central-1:{ACCOUNT}:parameter/slipway/dev/shop/env"),
    ("ssm:SendCommand", INSTANCE),
    ("ec2:RunInstances", INSTANCE),
    ("kms:Decrypt", f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1"),
]


@pytest.mark.parametrize(
    ("action", "resource", "allowed"), [(*each, True) for each in WITHIN] + [(*each, False) for each in BEYOND]
)
def test_a_role_within_the_boundary_is_no_administrator(action: str, resource: str, allowed: bool) -> None:
    """A role whose own policy allows everything, as a deployer could write it."""
    assert (within_the_boundary(action, resource) is Decision.ALLOW) == allowed


@pytest.mark.parametrize(("action", "resource"), [each for each in WITHIN if each[0].startswith("s3:")])
def test_a_bucket_of_another_account_is_beyond_the_boundary(action: str, resource: str) -> None:
    """A name with our account's number in it can belong to anybody: whoever is first has it."""
    assert within_the_boundary(action, resource, owner="999999999999") is not Decision.ALLOW


def within_the_boundary(action: str, resource: str, owner: str = ACCOUNT) -> Decision:
    """What a role may do whose own policy allows everything and that has the boundary."""
    access = Access(action, resource, {"aws:principalaccount": (ACCOUNT,), "s3:resourceaccount": (owner,)})
    return decide_all([[EVERYTHING], [BOUNDARY]], [], access, frozenset({OURS}), "session")


def test_the_boundary_fits_into_a_managed_policy() -> None:
    """IAM and AWS STS quotas: 6,144 characters without white space."""
    assert len(json.dumps(BOUNDARY, separators=(",", ":"))) < 6144
