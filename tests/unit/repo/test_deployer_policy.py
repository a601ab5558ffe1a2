"""The deployer's own policy: all that Terraform and the control node's plugins do, and nothing beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from sandbox.server.aws.authorization.patterns import matches
from sandbox.server.aws.authorization.policy import Access, Decision, decide
from tests.unit.repo.helpers import ROOT, text_of

POLICY: dict[str, Any] = json.loads(text_of(ROOT / "terraform" / "policies" / "deployer.json"))
PLUGINS = ROOT / "collections" / "ansible_collections" / "slipway" / "fastapi" / "plugins"
ACCOUNT = "123456789012"
CALLER: dict[str, tuple[str, ...]] = {"aws:principalaccount": (ACCOUNT,), "s3:resourceaccount": (ACCOUNT,)}
BOUNDARY = {"iam:permissionsboundary": (f"arn:aws:iam::{ACCOUNT}:policy/slipway-boundary",)}
OUR_DATABASE = {
    "aws:resourcetag/aws:rds:primarydbinstancearn": (f"arn:aws:rds:eu-central-1:{ACCOUNT}:db:slipway-dev-x",)
}
EC2, RDS, SSM = (f"arn:aws:{service}:eu-central-1:{ACCOUNT}:" for service in ("ec2", "rds", "ssm"))
IAM = f"arn:aws:iam::{ACCOUNT}:"
ROLE, PROFILE = f"{IAM}role/slipway-dev-shop", f"{IAM}instance-profile/slipway-dev-shop"
DATABASE = f"{RDS}db:slipway-dev-shop"
BUCKETS = [
    f"arn:aws:s3:::slipway-dev-shop-{kind}-{ACCOUNT}" for kind in ("artifacts", "content", "logs", "deployments")
]
STATES = f"arn:aws:s3:::slipway-state-dev-{ACCOUNT}"
ARTIFACT, LEASE = f"{BUCKETS[0]}/releases/app.zip", f"{BUCKETS[3]}/shop/lease.json"
STATE = f"{STATES}/dev/shop/terraform.tfstate"
PARAMETERS = [f"{SSM}parameter/slipway/dev/shop/env", f"{SSM}parameter/mlops/backend/env"]
SECRET = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:rds!db-0123-abc"

NEW = {"aws:requesttag/slipway:app": ("shop",)}
OURS = {"aws:resourcetag/slipway:app": ("shop",)}
Context = Mapping[str, tuple[str, ...]]
Row = tuple[str, str, Context]


def rows(actions: str, resource: str = "*", context: Context | None = None) -> list[Row]:
    """A row for each of the actions, which are written `ec2:A B C`."""
    service, _, names = actions.partition(":")
    return [(f"{service}:{name}", resource, context or {}) for name in names.split()]


def made(kind: str, created: str, changed: str, seen: str) -> list[Row]:
    """What a resource of EC2 wants from the beginning to the end, tags included."""
    arn = f"{EC2}{kind}/x-1"
    tagged = rows("ec2:CreateTags", arn, {**NEW, "ec2:createaction": (created,)}) if created else []
    return [
        *(rows(f"ec2:{created}", arn, NEW) if created else []),
        *tagged,
        *rows(f"ec2:{changed} CreateTags DeleteTags", arn, OURS),
        *rows(f"ec2:{seen}"),
    ]


VPC = rows("ec2:CreateSubnet CreateRouteTable CreateSecurityGroup", f"{EC2}vpc/vpc-1")
RULE = [
    *rows("ec2:AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress", f"{EC2}security-group-rule/sgr-1", NEW),
    *rows("ec2:AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress", f"{EC2}security-group/sg-1", OURS),
    *rows("ec2:RevokeSecurityGroupIngress RevokeSecurityGroupEgress", f"{EC2}security-group/sg-1", OURS),
    *rows("ec2:ModifySecurityGroupRules", f"{EC2}security-group-rule/sgr-1", OURS),
    *rows("ec2:DescribeSecurityGroupRules"),
]
HOST = [
    *made(
        "instance",
        "RunInstances",
        "ModifyInstanceAttribute ModifyInstanceMetadataOptions StopInstances StartInstances TerminateInstances",
        "DescribeInstances DescribeInstanceTypes DescribeInstanceTypeOfferings DescribeTags DescribeVolumes "
        "DescribeInstanceCreditSpecifications",
    ),
    *rows("ec2:RunInstances", "arn:aws:ec2:eu-central-1::image/ami-1"),
    *(
        row
        for kind in ("key-pair", "network-interface", "subnet", "volume")
        for row in rows("ec2:RunInstances", f"{EC2}{kind}/x")
    ),
    *rows("ec2:RunInstances", f"{EC2}security-group/sg-1", OURS),
    *rows("ec2:CreateTags", f"{EC2}volume/vol-1", NEW),
    *rows("ec2:ModifyVolume", f"{EC2}volume/vol-1", OURS),
    *rows("ec2:DescribeInstanceAttribute GetInstanceUefiData", f"{EC2}instance/i-1"),
    *rows("iam:PassRole", ROLE, {"iam:passedtoservice": ("ec2.amazonaws.com",)}),
]
RDS_TAGS = "AddTagsToResource RemoveTagsFromResource ListTagsForResource"
# What each type of resource wants, from creation to removal (Service Authorization Reference).
RESOURCES: dict[str, list[Row]] = {
    "aws_vpc": [
        *made("vpc", "CreateVpc", "ModifyVpcAttribute DeleteVpc", "DescribeVpcs DescribeNetworkAcls"),
        *rows("ec2:DescribeVpcAttribute", f"{EC2}vpc/vpc-1"),
    ],
    "aws_subnet": [
        *VPC,
        *made(
            "subnet", "CreateSubnet", "ModifySubnetAttribute DeleteSubnet", "DescribeSubnets DescribeNetworkInterfaces"
        ),
    ],
    "aws_internet_gateway": [
        *made(
            "internet-gateway",
            "CreateInternetGateway",
            "AttachInternetGateway DetachInternetGateway DeleteInternetGateway",
            "DescribeInternetGateways",
        ),
        *rows("ec2:AttachInternetGateway DetachInternetGateway", f"{EC2}vpc/vpc-1", OURS),
    ],
    "aws_route_table": made("route-table", "CreateRouteTable", "DeleteRouteTable", "DescribeRouteTables"),
    "aws_route": rows("ec2:CreateRoute DeleteRoute", f"{EC2}route-table/rtb-1", OURS),
    "aws_route_table_association": [
        *rows("ec2:AssociateRouteTable DisassociateRouteTable", f"{EC2}route-table/rtb-1", OURS),
        *rows("ec2:AssociateRouteTable DisassociateRouteTable", f"{EC2}subnet/subnet-1", OURS),
    ],
    "aws_security_group": [
        *made("security-group", "CreateSecurityGroup", "DeleteSecurityGroup", "DescribeSecurityGroups"),
        *RULE,
    ],
    # The default group of a new VPC has no tags until it is given them.
    "aws_default_security_group": [*rows("ec2:CreateTags", f"{EC2}security-group/sg-1", NEW), *RULE],
    "aws_vpc_security_group_ingress_rule": RULE,
    "aws_vpc_security_group_egress_rule": RULE,
    "aws_instance": HOST,
    "aws_iam_role": [
        *rows(
            "iam:GetRole TagRole UntagRole UpdateRole ListRolePolicies ListAttachedRolePolicies "
            "ListInstanceProfilesForRole DeleteRole",
            ROLE,
        ),
        # A role that was made before there was a boundary is given it by an apply.
        *rows("iam:CreateRole PutRolePermissionsBoundary UpdateAssumeRolePolicy", ROLE, BOUNDARY),
    ],
    "aws_iam_role_policy": [
        *rows("iam:PutRolePolicy", ROLE, BOUNDARY),
        *rows("iam:GetRolePolicy DeleteRolePolicy", ROLE),
    ],
    "aws_iam_instance_profile": [
        *rows(
            "iam:CreateInstanceProfile GetInstanceProfile AddRoleToInstanceProfile RemoveRoleFromInstanceProfile "
            "TagInstanceProfile UntagInstanceProfile DeleteInstanceProfile",
            PROFILE,
        ),
    ],
    "aws_db_instance": [
        *rows(f"rds:CreateDBInstance ModifyDBInstance DeleteDBInstance CreateDBSnapshot {RDS_TAGS}", DATABASE),
        *rows("rds:CreateDBInstance ModifyDBInstance", f"{RDS}og:default:postgres-16"),
        *rows("rds:CreateDBInstance ModifyDBInstance", f"{RDS}pg:slipway-dev-shop-1"),
        *rows("rds:CreateDBInstance", f"{RDS}subgrp:slipway-dev-shop"),
        *rows("rds:CreateDBSnapshot", f"{RDS}snapshot:slipway-dev-shop-final"),
        # By its resource id, which is no part of an ARN: RDS then asks for all.
        *rows("rds:DescribeDBInstances", f"{RDS}db:*"),
        *rows("secretsmanager:CreateSecret TagResource", SECRET),
        *rows(
            "kms:DescribeKey",
            f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1",
            {"kms:resourcealiases": ("alias/aws/secretsmanager",)},
        ),
        *rows(
            "iam:CreateServiceLinkedRole",
            f"{IAM}role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS",
            {"iam:awsservicename": ("rds.amazonaws.com",)},
        ),
    ],
    "aws_db_subnet_group": rows(
        f"rds:CreateDBSubnetGroup ModifyDBSubnetGroup DeleteDBSubnetGroup DescribeDBSubnetGroups {RDS_TAGS}",
        f"{RDS}subgrp:slipway-dev-shop",
    ),
    "aws_db_parameter_group": rows(
        "rds:CreateDBParameterGroup ModifyDBParameterGroup ResetDBParameterGroup DeleteDBParameterGroup "
        f"DescribeDBParameterGroups DescribeDBParameters {RDS_TAGS}",
        f"{RDS}pg:slipway-dev-shop-20261121",
    ),
    "aws_s3_bucket": [
        *(
            row
            for bucket in BUCKETS
            for row in rows(
                "s3:CreateBucket ListBucket GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging "
                "GetBucketTagging GetBucketObjectLockConfiguration GetBucketPolicy GetBucketRequestPayment "
                "GetBucketVersioning GetBucketWebsite GetAccelerateConfiguration GetEncryptionConfiguration "
                "GetLifecycleConfiguration GetReplicationConfiguration PutBucketTagging",
                bucket,
            )
        ),
        *(row for bucket in BUCKETS for row in rows("s3:DeleteBucket ListBucketVersions", bucket)),
        *(row for bucket in BUCKETS for row in rows("s3:DeleteObject DeleteObjectVersion", f"{bucket}/any")),
    ],
    "aws_s3_bucket_lifecycle_configuration": rows("s3:PutLifecycleConfiguration GetLifecycleConfiguration", BUCKETS[0]),
    "aws_s3_bucket_logging": rows("s3:PutBucketLogging GetBucketLogging", BUCKETS[0]),
    "aws_s3_bucket_ownership_controls": rows("s3:PutBucketOwnershipControls GetBucketOwnershipControls", BUCKETS[0]),
    "aws_s3_bucket_policy": [
        row for bucket in BUCKETS for row in rows("s3:PutBucketPolicy GetBucketPolicy DeleteBucketPolicy", bucket)
    ],
    "aws_s3_bucket_public_access_block": rows("s3:PutBucketPublicAccessBlock GetBucketPublicAccessBlock", BUCKETS[0]),
    "aws_s3_bucket_server_side_encryption_configuration": rows(
        "s3:PutEncryptionConfiguration GetEncryptionConfiguration", BUCKETS[0]
    ),
    "aws_s3_bucket_versioning": rows("s3:PutBucketVersioning GetBucketVersioning", BUCKETS[0]),
}
DATA: dict[str, list[Row]] = {
    "aws_ami": rows("ec2:DescribeImages"),
    "aws_availability_zones": rows("ec2:DescribeAvailabilityZones"),
    "aws_caller_identity": [],
    "aws_ec2_instance_type": rows("ec2:DescribeInstanceTypes"),
    "aws_ec2_instance_type_offerings": rows("ec2:DescribeInstanceTypeOfferings"),
    "aws_iam_policy_document": [],
    "aws_partition": [],
    "aws_route_table": rows("ec2:DescribeRouteTables"),
    "aws_route_tables": rows("ec2:DescribeRouteTables"),
    "aws_s3_bucket": rows("s3:ListBucket GetBucketLocation", BUCKETS[0]),
    "aws_subnet": rows("ec2:DescribeSubnets"),
    "aws_subnets": rows("ec2:DescribeSubnets"),
    "aws_vpc": [*rows("ec2:DescribeVpcs"), *rows("ec2:DescribeVpcAttribute", f"{EC2}vpc/vpc-1")],
    "aws_vpcs": rows("ec2:DescribeVpcs"),
}
# What the plugins of the control node ask AWS for. Whoever may do nothing may ask STS who he is.
CALLS: dict[str, list[Row]] = {
    "account": [],
    "_service_database": [
        *rows("rds:DescribeDBInstances", DATABASE),
        *rows("secretsmanager:GetSecretValue", SECRET, OUR_DATABASE),
        *rows("ssm:GetParameter PutParameter", PARAMETERS[0]),
    ],
    "env_push": [
        *(row for arn in PARAMETERS for row in rows("ssm:GetParameter PutParameter", arn)),
        *rows("ssm:DescribeParameters"),
    ],
    "fleet": rows("ec2:DescribeInstances"),
    "history": [*rows("s3:ListBucket", BUCKETS[3]), *rows("s3:GetObject PutObject", LEASE)],
    "host_keys": rows("ec2:GetConsoleOutput", f"{EC2}instance/i-1"),
    "lease": [*rows("s3:ListBucket", BUCKETS[3]), *rows("s3:GetObject PutObject DeleteObject", LEASE)],
    "publish": [*rows("s3:ListBucket", BUCKETS[0]), *rows("s3:GetObject PutObject", ARTIFACT)],
    "release_target": [*rows("s3:ListBucket", BUCKETS[0]), *rows("s3:GetObject GetObjectVersion", ARTIFACT)],
    "state_bucket": rows("s3:ListBucket", STATES),
}
ON_HOSTS = {"dotenv", "release"}
BACKEND = [*rows("s3:ListBucket", STATES), *rows("s3:GetObject PutObject DeleteObject", STATE)]
SESSIONS = [
    *rows("ssm:StartSession", f"{EC2}instance/i-1", {"ssm:resourcetag/slipway:app": ("shop",)}),
    *rows("ssm:StartSession", "arn:aws:ssm:eu-central-1::document/AWS-StartSSHSession"),
    *rows("ssm:ResumeSession TerminateSession", f"{SSM}session/me-0a1b", {"aws:userid": ("me",)}),
    # AWS Systems Manager User Guide, "Sample IAM policies for Session Manager", policy for end users.
    *rows("ssmmessages:OpenDataChannel", f"{SSM}session/me-0a1b", {"aws:userid": ("me",)}),
]
TABLES = {
    **RESOURCES,
    **{f"data {name}": wanted for name, wanted in DATA.items()},
    **CALLS,
    "backend": BACKEND,
    "ssm": SESSIONS,
}


def statements(effect: str) -> Iterator[dict[str, Any]]:
    for statement in POLICY["Statement"]:
        if statement["Effect"] == effect:
            yield {**statement, **{part: as_list(statement[part]) for part in ("Action", "Resource")}}


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def used(kind: str) -> set[str]:
    """The types of resources, or of data, in all of Terraform's files."""
    texts = [text_of(path) for path in (ROOT / "terraform").rglob("*.tf") if ".terraform" not in path.parts]
    return {name for text in texts for name in re.findall(rf'(?m)^{kind} "(aws_\w+)"', text)}


def test_the_tables_name_all_that_terraform_uses() -> None:
    assert used("resource") == RESOURCES.keys()
    assert used("data") == DATA.keys()


def test_the_tables_name_every_plugin_that_asks_aws() -> None:
    asking = {
        path.stem
        for path in [*PLUGINS.glob("modules/*.py"), *PLUGINS.glob("plugin_utils/*.py")]
        if re.search(r"\bclient\(", text_of(path))
    }
    assert asking == CALLS.keys() | ON_HOSTS


@pytest.mark.parametrize("name", TABLES)
def test_all_that_is_needed_is_allowed(name: str) -> None:
    refused = [
        (action, arn)
        for action, arn, context in TABLES[name]
        if decide([POLICY], Access(action, arn, {**CALLER, **context})) is not Decision.ALLOW
    ]
    assert refused == []


@pytest.mark.parametrize(
    "action", sorted({action for statement in statements("Allow") for action in statement["Action"]})
)
def test_nothing_is_allowed_that_is_not_needed(action: str) -> None:
    assert any(matches(action, row[0]) for wanted in TABLES.values() for row in wanted)


def test_only_what_has_no_resource_in_iam_is_allowed_on_all() -> None:
    """These actions take no resource; all else names one."""
    everywhere = [statement for statement in statements("Allow") if "*" in statement["Resource"]]
    assert [statement["Sid"] for statement in everywhere] == ["LookAround"]
    assert all(re.fullmatch(r"ec2:Describe\w+|ssm:DescribeParameters", action) for action in everywhere[0]["Action"])


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("ec2:TerminateInstances", f"{EC2}instance/i-1", {}),
        ("ec2:CreateTags", f"{EC2}instance/i-1", NEW),
        ("ec2:CreateTags", f"{EC2}subnet/subnet-1", NEW),
        ("ec2:DeleteTags", f"{EC2}instance/i-1", {}),
        ("ec2:RunInstances", f"{EC2}instance/i-1", {}),
        ("ec2:RunInstances", f"{EC2}security-group/sg-1", {}),
        ("ec2:DeleteVpc", f"{EC2}vpc/vpc-1", {}),
        ("ec2:RevokeSecurityGroupIngress", f"{EC2}security-group/sg-1", {}),
        ("iam:PutRolePolicy", f"{IAM}role/administrator", {}),
        ("iam:PutRolePolicy", f"{IAM}role/slipway-deployer", {}),
        ("iam:UpdateAssumeRolePolicy", f"{IAM}role/slipway-deployer", {}),
        ("iam:PassRole", f"{IAM}role/slipway-deployer", {"iam:passedtoservice": ("ec2.amazonaws.com",)}),
        ("iam:PassRole", ROLE, {"iam:passedtoservice": ("lambda.amazonaws.com",)}),
        ("iam:AttachRolePolicy", ROLE, {}),
        ("iam:CreateUser", f"{IAM}user/slipway-x", {}),
        ("rds:DeleteDBInstance", f"{RDS}db:accounting", {}),
        ("secretsmanager:GetSecretValue", SECRET.replace("rds!db", "payroll"), {}),
        ("kms:DescribeKey", f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1", {"kms:resourcealiases": ("alias/ours",)}),
        ("kms:Decrypt", f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1", {}),
        ("s3:GetObject", f"{BUCKETS[1]}/customers.csv", {}),
        ("s3:GetObject", "arn:aws:s3:::payroll/x", {}),
        ("s3:DeleteBucket", STATES, {}),
        ("s3:DeleteObjectVersion", STATE, {}),
        ("ssm:GetParameter", f"{SSM}parameter/other/env", {}),
        ("ssm:SendCommand", f"{EC2}instance/i-1", OURS),
        ("ssm:StartSession", f"{EC2}instance/i-1", {}),
        ("ssm:TerminateSession", f"{SSM}session/you-0a1b", {"aws:userid": ("me",)}),
    ],
)
def test_what_is_somebody_elses_is_out_of_reach(action: str, resource: str, context: Context) -> None:
    assert decide([POLICY], Access(action, resource, {**CALLER, **context})) is not Decision.ALLOW


def test_it_fits_into_a_role() -> None:
    """A role's inline policies have room for 10,240 characters without white space; a managed policy for 6,144 only."""
    assert len(json.dumps(POLICY, separators=(",", ":"))) < 10240
