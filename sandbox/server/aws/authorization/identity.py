"""The permissions that a call of IAM needs, and the context of their conditions.

Resources and condition keys are those of the Service Authorization Reference, "Actions, resources, and condition keys
for AWS Identity and Access Management". Calls about users, groups and providers have the resource ``*`` here: that
is stricter than AWS for a policy that names them, and never less strict.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.iam.models import Role, iam_backends

from sandbox.server.aws.authorization.policy import Access

#: Operations whose condition key is the boundary in the request. For all others it is the role's current boundary.
_SETS_BOUNDARY = {"CreateRole", "PutRolePermissionsBoundary"}


def accesses(action: str, asked: Mapping[str, Any], account: str, region: str) -> list[Access]:  # noqa: ARG001
    """Everything that the call of IAM needs. The list is never empty."""
    if "PolicyArn" in asked and "RoleName" not in asked:
        return [Access(action, asked["PolicyArn"])]
    if "InstanceProfileName" in asked:
        profile = f"arn:aws:iam::{account}:instance-profile/{asked['InstanceProfileName']}"
        needed = [Access(action, profile, _requested_tags(asked))]
        if action == "iam:AddRoleToInstanceProfile":
            needed.append(_passing(asked["RoleName"], account))
        return needed
    if "RoleName" in asked:
        return [_on_role(action, asked, account)]
    return [Access(action, "*")]


def _on_role(action: str, asked: Mapping[str, Any], account: str) -> Access:
    role = _role(asked["RoleName"], account)
    boundary = role.permissions_boundary_arn if role else None
    if action.removeprefix("iam:") in _SETS_BOUNDARY:
        boundary = asked.get("PermissionsBoundary")
    context = _requested_tags(asked)
    if boundary:
        context["iam:permissionsboundary"] = (boundary,)
    if asked.get("PolicyArn"):
        context["iam:policyarn"] = (asked["PolicyArn"],)
    for tag in role.tags if role else ():
        for prefix in ("aws", "iam"):
            context[f"{prefix}:resourcetag/{tag['Key']}".lower()] = (tag["Value"],)
    return Access(action, _role_arn(asked["RoleName"], role, account), context)


def _passing(name: str, account: str) -> Access:
    """The permission to pass the role to EC2, which is the purpose of a profile."""
    arn = _role_arn(name, _role(name, account), account)
    return Access("iam:PassRole", arn, {"iam:passedtoservice": ("ec2.amazonaws.com",)})


def _role(name: str, account: str) -> Role | None:
    return next((role for role in iam_backends[account]["aws"].roles.values() if role.name == name), None)


def _role_arn(name: str, role: Role | None, account: str) -> str:
    return str(role.arn) if role else f"arn:aws:iam::{account}:role/{name}"


def _requested_tags(asked: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    tags = {tag["Key"]: tag["Value"] for tag in asked.get("Tags", [])}
    keys = tuple(asked.get("TagKeys") or tags)
    context: dict[str, tuple[str, ...]] = {f"aws:requesttag/{key}".lower(): (value,) for key, value in tags.items()}
    return {**context, "aws:tagkeys": keys} if keys else context
