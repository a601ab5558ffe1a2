"""Requests that AWS refuses and that the sandbox of 992ca80 took: service, operation, parameters, code, words."""

from __future__ import annotations

import json
from typing import Any

Fault = tuple[str, str, dict[str, Any], str, str]

BUCKET = "planted-bucket"
_INVALID = "InvalidParameterValue"
_XML = ("MalformedXML", "well-formed")
_TRUST = '{"Version": "2012-10-17", "Statement": []}'


def _role(words: str, **changes: Any) -> Fault:
    return (
        "iam",
        "create_role",
        {"RoleName": "r", "AssumeRolePolicyDocument": _TRUST, **changes},
        "ValidationError",
        words,
    )


def _parameter(code: str, words: str, **changes: Any) -> Fault:
    return ("ssm", "put_parameter", {"Name": "/a", "Value": "x", "Type": "String", **changes}, code, words)


def _database(words: str, code: str = _INVALID, **changes: Any) -> Fault:
    whole = {
        "DBInstanceIdentifier": "planted",
        "Engine": "postgres",
        "DBInstanceClass": "db.t3.micro",
        "AllocatedStorage": 20,
        "MasterUsername": "master",
        "ManageMasterUserPassword": True,
        **changes,
    }
    return ("rds", "create_db_instance", {name: each for name, each in whole.items() if each is not None}, code, words)


def _group(words: str, **changes: Any) -> Fault:
    return ("ec2", "create_security_group", {"GroupName": "app", "Description": "d", **changes}, _INVALID, words)


def _rule(words: str, direction: str = "ingress", **rule: Any) -> Fault:
    permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, **rule}
    parameters = {"GroupId": "sg-00000000000000000", "IpPermissions": [permission]}
    return ("ec2", f"authorize_security_group_{direction}", parameters, _INVALID, words)


def _in_bucket(operation: str, code: str, words: str, **parameters: Any) -> Fault:
    return ("s3", operation, {"Bucket": BUCKET, **parameters}, code, words)


def _lifecycle(code: str, words: str, **rule: Any) -> Fault:
    rules = [{"ID": "r", "Filter": {"Prefix": ""}, **rule}]
    return _in_bucket("put_bucket_lifecycle_configuration", code, words, LifecycleConfiguration={"Rules": rules})


def _policy(characters: int) -> str:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::" + "b" * characters}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _tags(key: str, value: str = "") -> list[dict[str, str]]:
    return [{"Key": key, "Value": value}]


_IMAGE = {"ImageId": "ami-1", "MinCount": 1, "MaxCount": 1}
_SECRET = {"SecretString": "x", "ClientRequestToken": "t" * 32}

#: What botocore's service model states.
MODEL: list[Fault] = [
    ("ec2", "run_instances", {"ImageId": "ami-1"}, "MissingParameter", "parameter MaxCount"),
    ("ec2", "run_instances", {**_IMAGE, "MinCount": "one"}, _INVALID, "one"),
    ("ec2", "run_instances", {**_IMAGE, "InstanceType": "t3.mirco"}, _INVALID, "'t3.mirco' for InstanceType."),
    ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "shared"}, _INVALID, "shared"),
    ("ec2", "describe_vpcs", {"MaxResults": 2}, _INVALID, "greater than or equal to 5"),
    _role(
        "at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64",
        RoleName="r" * 65,
    ),
    _role(r"Value 'a b' at 'roleName' failed .* pattern: \[\\w\+=,\.@-\]\+", RoleName="a b"),
    _role("at 'description' failed", Description="What hosts \u2013 may do"),
    _role("'apps' at 'path' failed", Path="apps"),
    _role("Member must have value greater than or equal to 3600", MaxSessionDuration=60),
    _role("'a;b' at 'tags.1.member.key' failed", Tags=_tags("a;b")),
    ("iam", "put_role_policy", {"RoleName": "r", "PolicyName": "p"}, "ValidationError", "null at 'policyDocument'"),
    _parameter("ValidationException", r"enum value set: \[String, StringList, SecureString\]", Type="Secret"),
    _parameter("SerializationException", "NUMBER_VALUE can not be converted to a String", Value=5),
    _parameter("ValidationException", "'description' failed .* less than or equal to 1024", Description="d" * 1025),
    (
        "ssm",
        "get_parameters",
        {"Names": ["/n"] * 11},
        "ValidationException",
        "at 'names' failed .* less than or equal to 10",
    ),
    ("secretsmanager", "create_secret", _SECRET, "ValidationException", "Value null at 'name'"),
    ("kms", "create_key", {"KeyUsage": "SIGN"}, "ValidationException", "at 'keyUsage' failed"),
    _in_bucket("put_bucket_versioning", *_XML, VersioningConfiguration={"Status": "On"}),
    _lifecycle(*_XML),
    (
        "s3",
        "create_bucket",
        {"Bucket": "here", "CreateBucketConfiguration": {"LocationConstraint": "us-middle-1"}},
        "InvalidLocationConstraint",
        "location-constraint",
    ),
    _in_bucket("put_object", "InvalidStorageClass", "class", Key="k", StorageClass="CHEAP"),
    _in_bucket("put_object", "InvalidEncryptionAlgorithmError", "encryption", Key="k", ServerSideEncryption="rot13"),
]

#: What the table of rules states.
TABLE: list[Fault] = [
    _group("Valid descriptions are strings less than 256 characters", Description="The application's hosts"),
    _group("Character sets beyond ASCII", Description="Gr\u00f6\u00dfe"),
    _group("256", Description="d" * 256),
    _group(r"format sg-\*", GroupName="sg-app"),
    _rule("Invalid rule description", IpRanges=[{"CidrIp": "10.0.0.0/8", "Description": "app -> db"}]),
    _rule("Invalid rule description", "egress", UserIdGroupPairs=[{"GroupId": "sg-1", "Description": "the app's"}]),
    _rule("70000", ToPort=70000),
    _database("reserved word used by the engine", MasterUsername="admin"),
    _database("reserved word used by the engine", MasterUsername="user"),
    _database("must begin with a letter", MasterUsername="app-owner"),
    _database("DBName must begin with a letter", DBName="my-app"),
    _database("reserved word", DBName="order"),
    *(_database("not a valid identifier", DBInstanceIdentifier=name) for name in ("a--b", "app-", "1app", "a" * 64)),
    _database("storage type gp3: 10", AllocatedStorage=10, StorageType="gp3"),
    _database("between 0 and 35", BackupRetentionPeriod=36),
    _database("only one of", "InvalidParameterCombination", MasterUserPassword="long-enough"),
    _database("not a valid password", ManageMasterUserPassword=None, MasterUserPassword="at@sign-in-it"),
    _database("aws: or rds:", Tags=_tags("aws:team")),
    _database("256", Tags=_tags("team", "v" * 257)),
    _database("contain the parameter DBInstanceClass", "MissingParameter", DBInstanceClass=None),
    (
        "rds",
        "create_db_subnet_group",
        {"DBSubnetGroupName": "default", "DBSubnetGroupDescription": "d", "SubnetIds": ["s"]},
        _INVALID,
        "must not be default",
    ),
    *(
        ("s3", "create_bucket", {"Bucket": name}, "InvalidBucketName", "not valid")
        for name in ("xn--app", "app..logs", "app-s3alias")
    ),
    _in_bucket("put_object", "KeyTooLongError", "too long", Key="\u00e9" * 513),
    _in_bucket("put_bucket_tagging", "InvalidTag", "TagKey", Tagging={"TagSet": _tags("k" * 129)}),
    _in_bucket("put_bucket_policy", "PolicyTooLarge", "maximum", Policy=_policy(20480)),
    _lifecycle("InvalidArgument", "positive integer", Status="Enabled", Expiration={"Days": 0}),
    _lifecycle(*_XML, Status="Enabled", Expiration={"Days": 1, "ExpiredObjectDeleteMarker": True}),
    (
        "iam",
        "put_role_policy",
        {"RoleName": "r", "PolicyName": "p", "PolicyDocument": _policy(10240)},
        "LimitExceeded",
        "Maximum policy size of 10240 bytes exceeded for role r",
    ),
    (
        "iam",
        "create_policy",
        {"PolicyName": "p", "PolicyDocument": _policy(6144)},
        "LimitExceeded",
        "Cannot exceed quota for PolicySize: 6144",
    ),
    _parameter("ValidationException", "Value at 'value' failed .* greater than or equal to 1", Value=""),
    _parameter("ValidationException", "nest another", Value="A={{b}}"),
    ("secretsmanager", "create_secret", {**_SECRET, "Name": "a b"}, "ValidationException", "Invalid name"),
    (
        "secretsmanager",
        "delete_secret",
        {"SecretId": "s", "RecoveryWindowInDays": 3},
        "InvalidParameterException",
        "between 7 and 30 days",
    ),
    ("elbv2", "create_load_balancer", {"Name": "l" * 33}, "ValidationError", "cannot be longer than '32' characters"),
    ("elbv2", "create_load_balancer", {"Name": "internal-app"}, "ValidationError", "cannot begin with 'internal-'"),
    ("elbv2", "create_target_group", {"Name": "app-"}, "ValidationError", "begin or end with a hyphen"),
]

ALL: list[Fault] = [*MODEL, *TABLE]
