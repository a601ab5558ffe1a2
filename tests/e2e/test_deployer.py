"""The deployer's policy allows every request of a run, and a role with this policy can do nothing else."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.server.aws.authorization import s3 as s3_permissions
from sandbox.server.aws.authorization.patterns import matches
from tests.e2e.run import ROOT, Run, python, run
from tests.e2e.world import World

POLICY: dict[str, Any] = json.loads((ROOT / "terraform" / "policies" / "deployer.json").read_text())
STATES = "slipway-state-sandbox"
BUCKETS = {kind: f"slipway-sandbox-trial-{kind}-000000000000" for kind in ("artifacts", "deployments")}
# The API requests of this machine: path, service and operation.
ASKED = re.compile(r" 127\.0\.0\.1 \S+ (\S+) ([a-z0-9-]+):(\w+) \d+$", re.MULTILINE)
# Every account may do the first. `sandbox up` does the others: in AWS a key pair, the state bucket and the boundary
# exist before the deployer's first run.
NOT_JUDGED = {
    "sts:GetCallerIdentity",
    *("ec2:DescribeKeyPairs", "ec2:ImportKeyPair", "s3:ListAllMyBuckets"),
    *("iam:ListPolicies", "iam:CreatePolicy"),
}
TRUST = {"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}}
# All of the module except the resource for which the provider waits 50 seconds.
TARGETS = [
    f"-target=module.storage.aws_s3_bucket_{part}.this"
    for part in (
        "ownership_controls",
        "policy",
        "public_access_block",
        "server_side_encryption_configuration",
        "versioning",
    )
]


def actions(log: str) -> set[str]:
    """The permissions that the logged calls needed."""
    found = set()
    for path, service, operation in ASKED.findall(log):
        if service != "s3":
            found.add(f"{service}:{operation}")
            continue
        bucket, _, key = path.lstrip("/").partition("/")
        place = {name: value for name, value in (("Bucket", bucket), ("Key", key)) if value}
        found |= {access.action for access in s3_permissions.accesses(operation, place)}
    return found - NOT_JUDGED


@dataclass(frozen=True)
class Deployer:
    """Credentials of a role that has this policy and no other."""

    world: World
    keys: dict[str, str]

    def client(self, service: str) -> Any:
        make: Any = boto3.Session(
            aws_access_key_id=self.keys["AccessKeyId"],
            aws_secret_access_key=self.keys["SecretAccessKey"],
            aws_session_token=self.keys["SessionToken"],
            region_name=self.world.settings.region,
        ).client
        return make(service, endpoint_url=self.world.settings.api_url)


@pytest.fixture(scope="module")
def deployer(world: World) -> Iterator[Deployer]:
    iam, name = world.client("iam"), "slipway-deployer"
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="deployer", PolicyDocument=json.dumps(POLICY))
    given = world.client("sts").assume_role(RoleArn=role, RoleSessionName="e2e")["Credentials"]
    yield Deployer(world, given)
    iam.delete_role_policy(RoleName=name, PolicyName="deployer")
    iam.delete_role(RoleName=name)


def test_every_action_of_two_runs_is_allowed(world: World) -> None:
    """tests/unit/repo/test_deployer_policy.py tests the resources."""
    allowed = [action for each in POLICY["Statement"] if each["Effect"] == "Allow" for action in listed(each["Action"])]
    asked = actions(world.settings.log_file.read_text())
    assert {"ec2:RunInstances", "rds:CreateDBInstance", "s3:PutBucketVersioning", "ssm:PutParameter"} <= asked
    assert sorted(action for action in asked if not any(matches(pattern, action) for pattern in allowed)) == []


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@dataclass(frozen=True)
class Trial:
    """A root that makes the application's buckets with the deployer's credentials. Its state is in the state bucket."""

    folder: Path
    deployer: Deployer

    def write(self) -> None:
        settings, keys = self.deployer.world.settings, self.deployer.keys
        own = f'access_key = "{keys["AccessKeyId"]}"\nsecret_key = "{keys["SecretAccessKey"]}"\n'
        own += f'token = "{keys["SessionToken"]}"\nregion = "{settings.region}"\nskip_metadata_api_check = true\n'
        own += 'shared_config_files = ["/dev/null"]\nshared_credentials_files = ["/dev/null"]\n'
        where = f's3 = "{settings.api_url}"\nsts = "{settings.api_url}"\niam = "{settings.api_url}"\n'
        (self.folder / "main.tf").write_text(f"""
            terraform {{
              backend "s3" {{
                bucket = "{STATES}"
                key = "sandbox/trial/terraform.tfstate"
                use_lockfile = true
                use_path_style = true
                endpoints = {{\n{where}}}\n{own}
              }}
            }}
            provider "aws" {{
              s3_use_path_style = true
              endpoints {{\n{where}}}\n{own}
              default_tags {{
                tags = {{ "slipway:app" = "trial" }}
              }}
            }}
            module "storage" {{
              source = "{ROOT}/terraform/modules/storage"
              app = "trial"
              account_id = "{settings.account_id}"
              protect_data = false
              buckets = {json.dumps(BUCKETS)}
            }}
        """)

    def terraform(self, *arguments: str) -> Run:
        clean = {name: "" for name in os.environ if name.startswith(("AWS_", "TF_"))}
        config = python("-m", "slipway.launch", "provider").output.splitlines()[-1]
        done = run(["terraform", f"-chdir={self.folder}", *arguments], {**clean, "TF_CLI_CONFIG_FILE": config})
        assert done.code == 0, done.output[-4000:]
        return done


@pytest.fixture(scope="module")
def trial(deployer: Deployer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    found = Trial(tmp_path_factory.mktemp("deployer"), deployer)
    found.write()
    found.terraform("init", "-input=false", "-no-color")
    found.terraform("apply", "-auto-approve", "-input=false", "-no-color", *TARGETS)
    yield found
    found.terraform("destroy", "-auto-approve", "-input=false", "-no-color")
    deployer.world.client("s3").delete_object(Bucket=STATES, Key="sandbox/trial/terraform.tfstate")


def test_terraform_makes_the_buckets_and_locks_its_state(trial: Trial) -> None:
    s3 = trial.deployer.client("s3")
    assert s3.get_bucket_versioning(Bucket=BUCKETS["deployments"])["Status"] == "Enabled"
    assert json.loads(s3.get_object(Bucket=STATES, Key="sandbox/trial/terraform.tfstate")["Body"].read())["resources"]
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 9}}
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKETS["artifacts"], LifecycleConfiguration={"Rules": [rule]})


def test_artifacts_and_leases_are_written_and_read(trial: Trial) -> None:
    s3 = trial.deployer.client("s3")
    for kind, key in (("artifacts", "releases/app.zip"), ("deployments", "trial/lease.json")):
        version = s3.put_object(Bucket=BUCKETS[kind], Key=key, Body=b"1", IfNoneMatch="*")["VersionId"]
        assert s3.get_object(Bucket=BUCKETS[kind], Key=key, VersionId=version)["Body"].read() == b"1"
        assert s3.head_object(Bucket=BUCKETS[kind], Key=key)["ContentLength"] == 1
        s3.delete_object(Bucket=BUCKETS[kind], Key=key)
        s3.head_bucket(Bucket=BUCKETS[kind])


def test_parameters_and_the_master_password_are_read(world: World, deployer: Deployer) -> None:
    name = world.tags["slipway:env-parameter"]
    ssm = deployer.client("ssm")
    assert ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    assert ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [name]}])["Parameters"]
    (database,) = world.client("rds").describe_db_instances(DBInstanceIdentifier=world.tags["slipway:database"])[
        "DBInstances"
    ]
    secret = database["MasterUserSecret"]["SecretArn"]
    assert deployer.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("s3", "get_object", {"Bucket": "slipway-sandbox-trial-content-000000000000", "Key": "customers.csv"}),
        ("s3", "put_object", {"Bucket": "slipway-sandbox-trial-logs-000000000000", "Key": "access/x", "Body": b""}),
        ("s3", "list_objects_v2", {"Bucket": "somebody-elses"}),
        ("s3", "delete_bucket", {"Bucket": STATES}),
        ("ssm", "get_parameter", {"Name": "/somebody/else", "WithDecryption": True}),
        ("ssm", "put_parameter", {"Name": "/somebody/else", "Value": "x", "Type": "SecureString"}),
        ("secretsmanager", "get_secret_value", {"SecretId": "payroll"}),
        ("secretsmanager", "list_secrets", {}),
    ],
)
def test_other_actions_are_refused(trial: Trial, service: str, operation: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(trial.deployer.client(service), operation)(**arguments)
    assert refused.value.response["Error"]["Code"] in {"AccessDenied", "AccessDeniedException"}
