"""Refusals of AWS, planted into the Terraform code: the provider plans each of them without a word.

An override file (Terraform documentation, "Override Files") changes one argument of one resource after every validation
of variables, so each shows what Terraform and the provider let through by themselves.
"""

from __future__ import annotations

from tests.aws_rules.combinations import Combination
from tests.aws_rules.planted import Planted

#: What the refusals are planted into.
COMBINATION = Combination("location-content", "dev", "new", True, True, "own", "us-east-1")
#: How many plans hold them: two refusals of one argument are in different plans.
PLANS = 2


def long(count: int) -> str:
    """A text of that many characters, as an expression."""
    return f'join("", [for number in range({count}) : "x"])'


#: A trust policy must not name a resource, and `policy` names one.
TRUST = {"Action": '"sts:AssumeRole"', "Principal": '{ Service = "ec2.amazonaws.com" }'}


def policy(version: str = "2012-10-17", **statement: str) -> str:
    """A policy with one statement, as an expression."""
    parts = {"Effect": '"Allow"', "Action": '"s3:GetObject"', "Resource": '"*"'} | statement
    body = ", ".join(f"{name} = {value}" for name, value in parts.items())
    return f'policy = jsonencode({{ Version = "{version}", Statement = [{{ {body} }}] }})'


def lifecycle(*rules: str) -> str:
    """Lifecycle rules that all have the id `a`, each with its expiration."""
    return "\n".join(
        f'rule {{\n id = "a"\n status = "Enabled"\n filter {{}}\n expiration {{\n{each}\n}}\n}}' for each in rules
    )


#: Each of its statements has a space in its `Sid`.
LONG_POLICY = """policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for number in range(120) : {
      Sid      = "Read ${number}"
      Effect   = "Allow"
      Action   = "s3:GetObject"
      Resource = "arn:aws:s3:::slipway-dev-location-content-artifacts-123456789012/releases/${number}/*"
    }]
  })"""

_INSTANCE = ("database", "aws_db_instance.this")
_BUCKET_NAMES = """bucket = {
    logs        = "Upper-case"
    content     = "under_score"
    artifacts   = "xn--artifacts"
    deployments = "192.168.5.4"
  }[each.key]"""

PLANTED: tuple[Planted, ...] = (
    Planted(
        "character",
        "security",
        "aws_security_group.app",
        'description = "The application\'s hosts"',
        "description",
        "an apostrophe",
        "cfn-lint E3031",
    ),
    Planted(
        "character",
        "security",
        "aws_security_group.database",
        'name = "database<x>"',
        "name",
        "`<` and `>`",
        "cfn-lint E1153",
    ),
    Planted(
        "enumeration",
        "security",
        "aws_vpc_security_group_ingress_rule.https",
        'ip_protocol = "tpc"',
        "ip_protocol",
        "`tpc`",
        "protocol",
    ),
    Planted(
        "zone",
        "network",
        "aws_subnet.public",
        'availability_zone = "eu-west-1a"',
        "availability_zone",
        "a zone of another region",
        "zone-of-region",
    ),
    Planted(
        "range",
        "network",
        "aws_subnet.database",
        'cidr_block = "10.20.0.0/30"',
        "cidr_block",
        "a prefix of /30",
        "subnet-range",
    ),
    Planted(
        "combination",
        "network",
        "aws_subnet.database",
        'cidr_block = "10.99.0.0/24"',
        "cidr_block",
        "a range outside the VPC's",
        "subnet-range",
        plan=1,
    ),
    Planted(
        "number",
        "network",
        "aws_vpc.this",
        'tags = { for number in range(60) : "tag-${number}" => "x" }',
        "tags_all",
        "62 tags",
        "tags",
    ),
    Planted(
        "length",
        "network",
        "aws_internet_gateway.this",
        f"tags = {{ long = {long(300)} }}",
        "tags_all",
        "a value of 300 characters",
        "tags",
    ),
    Planted(
        "enumeration",
        "host",
        "aws_instance.this",
        'instance_type = "t9.micro"',
        "instance_type",
        "`t9.micro`",
        "cfn-lint E3628",
    ),
    Planted(
        "combination",
        "host",
        "aws_instance.this",
        'root_block_device {\n volume_type = "io1"\n volume_size = 16\n }',
        "root_block_device",
        "`io1` without `iops`",
        "cfn-lint E3671",
    ),
    Planted(
        "reserved word",
        "host",
        "aws_instance.this",
        'tags = { "aws:name" = "x" }',
        "tags_all",
        "a key that begins with `aws:`",
        "cfn-lint E3024",
    ),
    Planted(
        "enumeration", *_INSTANCE, 'instance_class = "db.t9.micro"', "instance_class", "`db.t9.micro`", "cfn-lint E3025"
    ),
    Planted(
        "enumeration",
        *_INSTANCE,
        'engine_version = "16.99"',
        "engine_version",
        "a release that does not exist",
        "cfn-lint E3691",
    ),
    Planted(
        "enumeration",
        *_INSTANCE,
        'engine_version = "16.1"',
        "engine_version",
        "a release that can no longer be made",
        "cfn-lint W3691",
        plan=1,
    ),
    Planted(
        "combination",
        *_INSTANCE,
        "max_allocated_storage = 5",
        "max_allocated_storage",
        "less than the storage",
        "storage-growth",
    ),
    Planted(
        "combination",
        "database",
        "aws_db_parameter_group.this",
        'family = "postgres15"',
        "family",
        "another family than the instance's",
        "parameter-family",
    ),
    Planted(
        "enumeration",
        "database",
        "aws_db_parameter_group.this",
        'family = "postgres99"',
        "family",
        "a family that does not exist",
        "parameter-family",
        plan=1,
    ),
    Planted(
        "character",
        "storage",
        "aws_s3_bucket.this",
        _BUCKET_NAMES,
        "bucket",
        "an upper-case letter",
        "cfn-lint E3031",
        index="logs",
    ),
    Planted(
        "character",
        "storage",
        "aws_s3_bucket.this",
        _BUCKET_NAMES,
        "bucket",
        "an underscore",
        "cfn-lint E3031",
        index="content",
    ),
    Planted(
        "combination",
        "storage",
        "aws_s3_bucket_lifecycle_configuration.this",
        lifecycle("days = 1", "days = 2"),
        "rule",
        "two rules of one id",
        "lifecycle-rule-id",
    ),
    Planted(
        "enumeration",
        "storage",
        "aws_s3_bucket_policy.this",
        policy(Effect='"Permit"', Principal='"*"'),
        "policy",
        "`Permit` as the effect",
        "cfn-lint E3512",
    ),
    Planted(
        "character",
        "identity",
        "aws_iam_role.host",
        'description = "The host’s role"',
        "description",
        "a curly apostrophe",
        "cfn-lint E3031",
    ),
    Planted(
        "character", "identity", "aws_iam_role.host", 'path = "nowhere"', "path", "no slash around it", "cfn-lint E3031"
    ),
    Planted(
        "combination",
        "identity",
        "aws_iam_role.host",
        f"assume_role_{policy(**TRUST)}",
        "assume_role_policy",
        "a `Resource` in a trust policy",
        "cfn-lint E3530",
    ),
    Planted(
        "enumeration",
        "identity",
        "aws_iam_role_policy.host",
        policy("2012-10-18"),
        "policy",
        "version `2012-10-18`",
        "cfn-lint E3510",
    ),
    Planted(
        "character",
        "identity",
        "aws_iam_role_policy.host",
        LONG_POLICY,
        "policy",
        "a space in a `Sid`",
        "cfn-lint E3510",
        plan=1,
    ),
    Planted(
        "character",
        "security",
        "aws_vpc_security_group_egress_rule.web",
        'description = "Größe"',
        "description",
        "a letter beyond ASCII",
        "ec2 AuthorizeSecurityGroupIngress IpPermissions[].IpRanges[].Description",
    ),
    Planted(
        "length",
        "security",
        "aws_vpc_security_group_ingress_rule.http",
        f"description = {long(300)}",
        "description",
        "300 characters",
        "ec2 AuthorizeSecurityGroupIngress IpPermissions[].IpRanges[].Description",
    ),
    Planted(
        "reserved word",
        *_INSTANCE,
        'username = "rdsadmin"',
        "username",
        "`rdsadmin`",
        "rds CreateDBInstance MasterUsername",
    ),
    Planted(
        "length",
        *_INSTANCE,
        f"username = {long(64)}",
        "username",
        "64 characters",
        "rds CreateDBInstance MasterUsername",
        plan=1,
    ),
    Planted("reserved word", *_INSTANCE, 'db_name = "user"', "db_name", "`user`", "rds CreateDBInstance DBName"),
    Planted(
        "character", *_INSTANCE, 'db_name = "my-app"', "db_name", "a hyphen", "rds CreateDBInstance DBName", plan=1
    ),
    Planted(
        "range",
        *_INSTANCE,
        "allocated_storage = 10",
        "allocated_storage",
        "10 GiB",
        "rds CreateDBInstance AllocatedStorage",
        plan=1,
    ),
    Planted("range", *_INSTANCE, "port = 22", "port", "`22`", "rds CreateDBInstance Port"),
    Planted(
        "reserved word",
        "storage",
        "aws_s3_bucket.this",
        _BUCKET_NAMES,
        "bucket",
        "`xn--` at the beginning",
        "s3 CreateBucket Bucket",
        index="artifacts",
    ),
    Planted(
        "character",
        "storage",
        "aws_s3_bucket.this",
        _BUCKET_NAMES,
        "bucket",
        "the form of an address",
        "s3 CreateBucket Bucket",
        index="deployments",
    ),
    Planted(
        "length",
        "identity",
        "aws_iam_role_policy.host",
        LONG_POLICY,
        "policy",
        "more than 10,240 characters",
        "iam PutRolePolicy PolicyDocument",
        plan=1,
    ),
)


def files(plan: int) -> dict[str, str]:
    """The override files of one plan, by path below terraform/."""
    texts = dict.fromkeys((each.module, each.override()) for each in PLANTED if each.plan == plan)
    return {f"modules/{module}/planted{number:02}_override.tf": text for number, (module, text) in enumerate(texts)}
