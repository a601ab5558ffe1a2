"""The Terraform types and arguments that have no CloudFormation property, each with the reason.

A type or an argument that is neither translated nor listed here fails tests/aws_rules.
"""

from __future__ import annotations

TYPES: dict[str, str] = {
    "aws_default_security_group": "AWS makes the group with its VPC and gives it its name and description.",
    "terraform_data": "Terraform's own: no request to AWS has anything of it.",
}

_IN_TAGS_ALL = "tags_all holds these tags and the provider's default_tags."
_NO_TAGS = "CloudFormation has no tags for it. slipway/aws_rules/own.py checks the tags of every resource."
_TERRAFORM_ONLY = "Only Terraform reads it: no request to AWS has it."

#: By type and dotted path of the argument. "*" stands for every type.
ARGUMENTS: dict[tuple[str, str], str] = {
    ("*", "tags"): _IN_TAGS_ALL,
    ("aws_db_instance", "apply_immediately"): "It belongs to changes of an instance, and a plan here creates it.",
    ("aws_db_instance", "final_snapshot_identifier"): "It belongs to deletion. slipway/aws_rules/own.py has its rule.",
    ("aws_db_instance", "skip_final_snapshot"): "It belongs to deletion.",
    ("aws_db_parameter_group", "name_prefix"): "AWS gets the name, which Terraform makes of it when applying.",
    ("aws_db_parameter_group", "parameter.apply_method"): "CloudFormation always applies at the next reboot.",
    ("aws_db_parameter_group", "skip_destroy"): _TERRAFORM_ONLY,
    ("aws_iam_role", "force_detach_policies"): _TERRAFORM_ONLY,
    ("aws_iam_instance_profile", "tags_all"): _NO_TAGS,
    ("aws_instance", "get_password_data"): _TERRAFORM_ONLY,
    ("aws_instance", "user_data"): "The plan holds its SHA-1 only.",
    ("aws_instance", "user_data_replace_on_change"): _TERRAFORM_ONLY,
    ("aws_internet_gateway", "vpc_id"): "CloudFormation attaches a gateway by a resource of its own.",
    ("aws_s3_bucket", "force_destroy"): _TERRAFORM_ONLY,
    ("aws_security_group", "revoke_rules_on_delete"): _TERRAFORM_ONLY,
    ("aws_vpc_security_group_egress_rule", "tags_all"): _NO_TAGS,
    ("aws_vpc_security_group_ingress_rule", "tags_all"): _NO_TAGS,
}


def reason(type_name: str, argument: str) -> str | None:
    """Why an argument has no translation, or None if it is not listed."""
    return ARGUMENTS.get((type_name, argument)) or ARGUMENTS.get(("*", argument))
