"""Make the AWS resources of a Molecule scenario: a host with its IAM role, and what the tested role reads."""

from __future__ import annotations

import json
import time
from typing import Any

import boto3
from ansible.module_utils.basic import AnsibleModule
from botocore.config import Config
from botocore.exceptions import ClientError

DOCUMENTATION = r"""
module: scenario_world
short_description: The host of a Molecule scenario, and what the scenario needs in AWS
description:
  - Everything bears the scenario's name, so that scenarios can run beside one another.
  - The host's role may read the parameters and buckets that are named here, and nothing else.
options:
  name:
    description: Name of the scenario.
    type: str
    required: true
  state:
    description: Whether it exists; V(stored) makes a machine image of the host.
    type: str
    choices: [present, absent, stored]
    default: present
  aws:
    description: Region, endpoint and credentials of the sandbox's API.
    type: dict
    required: true
  parameters:
    description:
      - SecureStrings, each with C(name) and C(value).
      - Without a value the parameter is not made, but the host may read it, and it is removed at the end.
    type: list
    elements: dict
    default: []
  buckets:
    description: Names of buckets.
    type: list
    elements: str
    default: []
  database:
    description: Identifier of an RDS instance with a managed master password.
    type: str
  user_data:
    description: The host's user data.
    type: str
    default: ""
  debian:
    description: Debian's release on the host.
    type: int
    default: 12
  image:
    description:
      - Name of a machine image of this account that the host is started from, where there is one.
      - With O(state=stored) the name of the image that is made of the host.
    type: str
    default: ""
author:
  - Slipway maintainers
"""

EXAMPLES = r"""
- name: A host that may read one parameter
  scenario_world:
    name: dotenv_default
    aws: "{{ slipway_aws }}"
    parameters:
      - name: /slipway/sandbox/dotenv/env
        value: TAVILY_API_KEY=key
"""

RETURN = r"""
private_ip:
  description: Address of the host.
  returned: present
  type: str
"""

KEY_PAIR = "slipway-sandbox"
#: The source that may reach a host by SSH: this machine, which has the first address of each VPC.
OPERATOR = "10.0.0.0/8"
DEBIAN = "136693071363"
#: Seconds in which the sandbox's API must report an instance or a database as ready.
PATIENCE = 120.0
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def policy(account: str, region: str, parameters: list[str], buckets: list[str]) -> dict[str, Any]:
    """What the host's role may do: read the parameters, use the buckets."""
    statements: list[dict[str, Any]] = []
    if parameters:
        arns = [f"arn:aws:ssm:{region}:{account}:parameter{name}" for name in parameters]
        statements.append({"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": arns})
    if buckets:
        objects = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject"]
        arns = [f"arn:aws:s3:::{name}" for name in buckets]
        statements.append({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": arns})
        statements.append({"Effect": "Allow", "Action": objects, "Resource": [f"{arn}/*" for arn in arns]})
    return {"Version": "2012-10-17", "Statement": statements}


class World:
    """One scenario's part of the sandbox's account."""

    def __init__(self, params: dict[str, Any]) -> None:
        aws = params["aws"]
        self._region = str(aws["region"])
        session = boto3.session.Session(aws["access_key"], aws["secret_key"], region_name=self._region)
        config = Config(proxies={}, s3={"addressing_style": "path"})

        def client(service: str) -> Any:
            return session.client(service, endpoint_url=aws["endpoint_url"], config=config, verify=False)  # type: ignore[call-overload]

        self._ec2, self._iam, self._rds = client("ec2"), client("iam"), client("rds")
        self._s3, self._ssm, self._sts = client("s3"), client("ssm"), client("sts")
        self._name = "molecule-" + str(params["name"]).replace("_", "-")
        self._parameters: list[dict[str, str]] = params["parameters"]
        self._buckets: list[str] = params["buckets"]
        self._database: str | None = params["database"]
        self._user_data: str = params["user_data"]
        self._debian: int = params["debian"]
        self._image: str = params["image"]

    def make(self) -> str:
        """Make all resources and return the host's private address."""
        for bucket in self._buckets:
            self._s3.create_bucket(Bucket=bucket)
            self._s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        for parameter in self._parameters:
            if parameter.get("value"):
                self._ssm.put_parameter(
                    Name=parameter["name"], Value=parameter["value"], Type="SecureString", Overwrite=True
                )
        if self._database:
            self._make_database(self._database)
        self._make_role()
        return self._make_host()

    def store(self) -> None:
        """Make a machine image of the host, and wait until hosts can start from it."""
        self._ec2.create_image(InstanceId=self._hosts()[0], Name=self._image)
        _wait(lambda: self._own_images()[0]["State"] == "available", f"machine image {self._image}")

    def remove(self) -> bool:
        """Remove all resources and return whether any existed."""
        hosts = self._hosts()
        if hosts:
            self._ec2.terminate_instances(InstanceIds=hosts)
        if self._database:
            _unless_missing(self._rds.delete_db_instance, DBInstanceIdentifier=self._database, SkipFinalSnapshot=True)
        for parameter in self._parameters:
            _unless_missing(self._ssm.delete_parameter, Name=parameter["name"])
        for bucket in self._buckets:
            self._remove_bucket(bucket)
        self._remove_role()
        return bool(hosts)

    def _make_role(self) -> None:
        self._remove_role()
        account = self._sts.get_caller_identity()["Account"]
        names = [parameter["name"] for parameter in self._parameters]
        document = policy(account, self._region, names, self._buckets)
        self._iam.create_role(RoleName=self._name, AssumeRolePolicyDocument=json.dumps(TRUST))
        if document["Statement"]:
            self._iam.put_role_policy(RoleName=self._name, PolicyName=self._name, PolicyDocument=json.dumps(document))
        self._iam.create_instance_profile(InstanceProfileName=self._name)
        self._iam.add_role_to_instance_profile(InstanceProfileName=self._name, RoleName=self._name)

    def _remove_role(self) -> None:
        profile, role = {"InstanceProfileName": self._name}, {"RoleName": self._name}
        _unless_missing(self._iam.remove_role_from_instance_profile, **profile, **role)
        _unless_missing(self._iam.delete_instance_profile, **profile)
        _unless_missing(self._iam.delete_role_policy, PolicyName=self._name, **role)
        _unless_missing(self._iam.delete_role, **role)

    def _make_database(self, identifier: str) -> None:
        self._rds.create_db_instance(
            DBInstanceIdentifier=identifier,
            DBInstanceClass="db.t3.micro",
            Engine="postgres",
            EngineVersion="16",
            DBName="app",
            MasterUsername="slipway",
            ManageMasterUserPassword=True,
            AllocatedStorage=20,
            VpcSecurityGroupIds=[self._group()],
        )
        _wait(lambda: self._database_state(identifier) == "available", f"database {identifier}")

    def _database_state(self, identifier: str) -> str:
        answer = self._rds.describe_db_instances(DBInstanceIdentifier=identifier)
        return str(answer["DBInstances"][0]["DBInstanceStatus"])

    def _make_host(self) -> str:
        hosts = self._hosts() or [self._launch()]
        _wait(lambda: self._instance(hosts[0])["State"]["Name"] == "running", f"instance {hosts[0]}")
        return str(self._instance(hosts[0])["PrivateIpAddress"])

    def _launch(self) -> str:
        images = self._own_images() or self._debians()
        newest = max(images, key=lambda image: str(image["CreationDate"]))
        subnets = self._ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
        answer = self._ec2.run_instances(
            ImageId=newest["ImageId"],
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            KeyName=KEY_PAIR,
            SubnetId=min(str(subnet["SubnetId"]) for subnet in subnets),
            IamInstanceProfile={"Name": self._name},
            MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            UserData=self._user_data,
            SecurityGroupIds=[self._group()],
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": self._name}]}],
        )
        return str(answer["Instances"][0]["InstanceId"])

    def _own_images(self) -> list[dict[str, Any]]:
        named = [{"Name": "name", "Values": [self._image or "none"]}]
        return list(self._ec2.describe_images(Owners=["self"], Filters=named)["Images"])

    def _debians(self) -> list[dict[str, Any]]:
        named = [{"Name": "name", "Values": [f"debian-{self._debian}-amd64-*"]}]
        return list(self._ec2.describe_images(Owners=[DEBIAN], Filters=named)["Images"])

    def _group(self) -> str:
        """The security group of the host and its database: SSH from this machine, and all traffic between the two."""
        named = [{"Name": "group-name", "Values": [self._name]}]
        found = self._ec2.describe_security_groups(Filters=named)["SecurityGroups"]
        if found:
            return str(found[0]["GroupId"])
        group = str(self._ec2.create_security_group(GroupName=self._name, Description=self._name)["GroupId"])
        ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": OPERATOR}]}
        each_other = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
        self._ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh, each_other])
        return group

    def _hosts(self) -> list[str]:
        answer = self._ec2.describe_instances(
            Filters=[
                {"Name": "tag:Name", "Values": [self._name]},
                {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]},
            ]
        )
        return [str(one["InstanceId"]) for group in answer["Reservations"] for one in group["Instances"]]

    def _instance(self, identifier: str) -> dict[str, Any]:
        answer = self._ec2.describe_instances(InstanceIds=[identifier])
        return dict(answer["Reservations"][0]["Instances"][0])

    def _remove_bucket(self, bucket: str) -> None:
        try:
            listed = self._s3.list_object_versions(Bucket=bucket)
        except ClientError as error:
            if not _is_missing(error):
                raise
            return
        for version in listed.get("Versions", []) + listed.get("DeleteMarkers", []):
            self._s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
        self._s3.delete_bucket(Bucket=bucket)


def _is_missing(error: ClientError) -> bool:
    code = str(error.response["Error"]["Code"])
    return code in ("NoSuchEntity", "ParameterNotFound") or "NotFound" in code or "NoSuchBucket" in code


def _unless_missing(call: Any, **arguments: Any) -> None:
    try:
        call(**arguments)
    except ClientError as error:
        if not _is_missing(error):
            raise


def _wait(ready: Any, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} is not ready after {PATIENCE:.0f} s")
        time.sleep(0.5)


def main() -> None:
    """Make or remove the scenario's part of the account."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent", "stored"], "default": "present"},
            "aws": {"type": "dict", "required": True},
            "parameters": {"type": "list", "elements": "dict", "default": []},
            "buckets": {"type": "list", "elements": "str", "default": []},
            "database": {"type": "str"},
            "user_data": {"type": "str", "default": ""},
            "debian": {"type": "int", "default": 12},
            "image": {"type": "str", "default": ""},
        }
    )
    world = World(module.params)
    if module.params["state"] == "absent":
        module.exit_json(changed=world.remove())
    if module.params["state"] == "stored":
        world.store()
        module.exit_json(changed=True)
    module.exit_json(changed=True, private_ip=world.make())


if __name__ == "__main__":
    main()
