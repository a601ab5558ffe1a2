"""What a role may do to other roles, through the API: resources, boundaries and tags of IAM count."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from sandbox import account

from .conftest import Server
from .test_api_roles import TRUST, Role, allow, assume, refused

__all__ = ["assume"]
BOUNDARY = "arn:aws:iam::000000000000:policy/tests-boundary"
ANY_POLICY = json.dumps({"Version": "2012-10-17", "Statement": [allow("*", "*")]})
WITHIN = {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::${aws:PrincipalAccount}:policy/tests-boundary"}}


def named() -> str:
    return f"slipway-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def deployer(server: Server, assume: Callable[..., Role]) -> Any:
    for policy in server.settings.project.policies:
        account.ensure_policy(server.settings, policy)
    role = assume(
        allow(["iam:CreateRole", "iam:PutRolePolicy"], "arn:aws:iam::*:role/slipway-*", Condition=WITHIN),
        allow("iam:AddRoleToInstanceProfile", "arn:aws:iam::*:instance-profile/slipway-*"),
    )
    return role.client("iam")


def create(iam: Any, name: str, **more: str) -> None:
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST), **more)


def test_a_role_is_made_within_the_boundary_only(server: Server, deployer: Any) -> None:
    name = named()
    trust = {"AssumeRolePolicyDocument": json.dumps(TRUST)}
    refused(deployer.create_role, "AccessDenied", RoleName=name, **trust)
    other = "arn:aws:iam::aws:policy/AdministratorAccess"
    refused(deployer.create_role, "AccessDenied", RoleName=name, PermissionsBoundary=other, **trust)
    refused(deployer.create_role, "AccessDenied", RoleName="somebodys", PermissionsBoundary=BOUNDARY, **trust)
    create(deployer, name, PermissionsBoundary=BOUNDARY)
    put = {"RoleName": name, "PolicyName": "p", "PolicyDocument": ANY_POLICY}
    deployer.put_role_policy(**put)
    # The role's own boundary is what the condition is asked about, not a parameter of the request.
    server.client("iam").delete_role_permissions_boundary(RoleName=name)
    refused(deployer.put_role_policy, "AccessDenied", **put)


def test_a_profile_takes_only_a_role_that_may_be_passed(server: Server, deployer: Any) -> None:
    name = named()
    create(server.client("iam"), name)
    server.client("iam").create_instance_profile(InstanceProfileName=name)
    said = refused(deployer.add_role_to_instance_profile, "AccessDenied", InstanceProfileName=name, RoleName=name)
    assert "iam:PassRole" in said


def test_a_role_within_the_boundary_reaches_no_further(server: Server, deployer: Any) -> None:
    """Its own policy allows everything, and the boundary still limits it."""
    name = named()
    create(deployer, name, PermissionsBoundary=BOUNDARY)
    deployer.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=ANY_POLICY)
    arn = f"arn:aws:iam::000000000000:role/{name}"
    given = server.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    keys = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    refused(server.client("iam", **keys).list_roles, "AccessDenied")
    s3, artifacts = server.client("s3", **keys), "slipway-test-shop-artifacts-000000000000"
    refused(s3.list_buckets, "AccessDenied")
    server.client("s3").create_bucket(Bucket=artifacts)
    server.client("s3").put_object(Bucket=artifacts, Key="releases/app.zip", Body=b"1")
    assert s3.get_object(Bucket=artifacts, Key="releases/app.zip")["Body"].read() == b"1"
    refused(s3.put_object, "AccessDenied", Bucket=artifacts, Key="releases/app.zip", Body=b"2")
    ssm = server.client("ssm", **keys)
    refused(ssm.get_parameter, "ParameterNotFound", Name="/slipway/test/missing")
    refused(ssm.get_parameter, "AccessDeniedException", Name="/somebody/else")


def test_a_boundary_must_exist(server: Server) -> None:
    said = refused(
        server.client("iam").create_role,
        "NoSuchEntity",
        RoleName=named(),
        AssumeRolePolicyDocument=json.dumps(TRUST),
        PermissionsBoundary="arn:aws:iam::000000000000:policy/missing",
    )
    assert said == "Scope ARN: arn:aws:iam::000000000000:policy/missing does not exist or is not attachable."
