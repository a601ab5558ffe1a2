"""IAM."""

from __future__ import annotations

import json

from slipway.aws_rules.shapes import TAGS, To, Type
from slipway.aws_rules.tables import placeholders

TYPES = {
    "aws_iam_role": Type(
        "AWS::IAM::Role",
        {
            "name": To("RoleName"),
            "description": To("Description"),
            "path": To("Path"),
            "assume_role_policy": To("AssumeRolePolicyDocument", json.loads),
            "max_session_duration": To("MaxSessionDuration"),
            "permissions_boundary": To("PermissionsBoundary"),
            "tags_all": TAGS,
        },
    ),
    "aws_iam_role_policy": Type(
        "AWS::IAM::RolePolicy",
        {
            "name": To("PolicyName"),
            "role": To("RoleName", unknown=placeholders.name),
            "policy": To("PolicyDocument", json.loads),
        },
    ),
    "aws_iam_instance_profile": Type(
        "AWS::IAM::InstanceProfile",
        {
            "name": To("InstanceProfileName"),
            "path": To("Path"),
            "role": To("Roles", lambda role: [role], unknown=placeholders.names),
        },
    ),
}
