"""Rules of IAM, Systems Manager, Secrets Manager and Elastic Load Balancing."""

from __future__ import annotations

from sandbox.server.aws.requests.rules import BYTES, COMPACT, Rule

_QUOTAS = 'IAM User Guide, "IAM and AWS STS quotas"'
_LB = 'Elastic Load Balancing API Reference (2015-12-01), CreateLoadBalancer and CreateTargetGroup ("Name")'
_MANAGER = "AWS Secrets Manager API Reference, CreateSecret and DeleteSecret"


def _policy_size(
    operations: tuple[str, ...], path: str, longest: int, message: str, source: str, *terraform: str
) -> Rule:
    return Rule(
        "iam",
        operations,
        path,
        "LimitExceeded",
        message,
        f"{_QUOTAS}; {source}",
        longest=longest,
        unit=COMPACT,
        terraform=terraform,
    )


def _lb_name(operation: str, what: str, message: str, *terraform: str, **limits: str | int) -> Rule:
    return Rule(
        "elasticloadbalancing",
        (operation,),
        "Name",
        "ValidationError",
        f"The {what} name '{{value}}' cannot {message}",
        f"{_LB}; aws-cloudformation/cfn-lint#3259",
        terraform=terraform,
        **limits,  # type: ignore[arg-type]
    )


RULES: tuple[Rule, ...] = (
    _policy_size(
        ("PutRolePolicy",),
        "PolicyDocument",
        10240,
        "Maximum policy size of 10240 bytes exceeded for role {RoleName}",
        "ExpediaGroup/apiary-data-lake#173",
        "aws_iam_role_policy.policy",
    ),
    _policy_size(
        ("CreatePolicy", "CreatePolicyVersion"),
        "PolicyDocument",
        6144,
        "Cannot exceed quota for PolicySize: 6144",
        "hashicorp/terraform-provider-aws#49365",
        "aws_iam_policy.policy",
    ),
    _policy_size(
        ("CreateRole",),
        "AssumeRolePolicyDocument",
        2048,
        "Cannot exceed quota for ACLSizePerRole: 2048",
        "KensioSoftware/yulin#1140",
        "aws_iam_role.assume_role_policy",
    ),
    _policy_size(
        ("UpdateAssumeRolePolicy",),
        "PolicyDocument",
        2048,
        "Cannot exceed quota for ACLSizePerRole: 2048",
        "KensioSoftware/yulin#1140",
    ),
    Rule(
        "iam",
        ("CreateRole", "TagRole", "CreateInstanceProfile", "TagInstanceProfile", "CreatePolicy", "TagPolicy"),
        "Tags[].Key",
        "InvalidInput",
        "Tag keys that begin with aws: are reserved for system use",
        'IAM User Guide, "Tags for AWS Identity and Access Management resources"',
        refused=r"(?i)^aws:",
    ),
    Rule(
        "ssm",
        ("PutParameter",),
        "Value",
        "ValidationException",
        'Parameter value can\'t nest another parameter. Do not use "{{{{}}}}" in the value.',
        "AWS Systems Manager API Reference, PutParameter (Name: no values wrapped in double brackets {{}})",
        refused=r"\{\{[^{}]*\}\}",
    ),
    Rule(
        "ssm",
        ("PutParameter",),
        "Value",
        "ValidationException",
        "1 validation error detected: Value at 'value' failed to satisfy constraint: Member must have length greater "
        "than or equal to 1",
        "ministryofjustice/modernisation-platform#8116",
        shortest=1,
        terraform=("aws_ssm_parameter.value",),
    ),
    Rule(
        "secretsmanager",
        ("CreateSecret",),
        "Name",
        "ValidationException",
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
        f"{_MANAGER} (Name)",
        pattern=r"[A-Za-z0-9/_+=.@!\-]+",
        terraform=("aws_secretsmanager_secret.name",),
    ),
    Rule(
        "secretsmanager",
        ("CreateSecret", "PutSecretValue", "UpdateSecret"),
        "SecretString",
        "ValidationException",
        "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length "
        "less than or equal to 65536",
        f'{_MANAGER}; "AWS Secrets Manager quotas" (65,536 bytes)',
        longest=65536,
        unit=BYTES,
        terraform=("aws_secretsmanager_secret_version.secret_string",),
    ),
    Rule(
        "secretsmanager",
        ("DeleteSecret",),
        "RecoveryWindowInDays",
        "InvalidParameterException",
        "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        f"{_MANAGER} (RecoveryWindowInDays)",
        low=7,
        high=30,
        terraform=("aws_secretsmanager_secret.recovery_window_in_days",),
    ),
    *(
        rule
        for operation, what, argument in (
            ("CreateLoadBalancer", "load balancer", "aws_lb.name"),
            ("CreateTargetGroup", "target group", "aws_lb_target_group.name"),
        )
        for rule in (
            _lb_name(operation, what, "be longer than '32' characters", argument, longest=32),
            _lb_name(operation, what, "begin or end with a hyphen(-)", argument, refused=r"^-|-$"),
            _lb_name(
                operation,
                what,
                "contain characters that are not letters, or digits or the dash.",
                argument,
                pattern=r"[A-Za-z0-9\-]*",
            ),
        )
    ),
    _lb_name("CreateLoadBalancer", "load balancer", "begin with 'internal-'", "aws_lb.name", refused=r"^internal-"),
)
