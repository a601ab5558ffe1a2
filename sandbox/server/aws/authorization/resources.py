"""The permissions that a call needs, and on which resources.

For the services that a host uses, the resources are ARNs. For all other services the resource is ``*``, so that only a
statement for all resources allows the call. That is stricter than AWS, and never less strict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from moto.kms.exceptions import NotFoundException
from moto.kms.models import kms_backends
from moto.kms.utils import _deserialize_ciphertext_blob
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.ssm.models import ssm_backends

from sandbox.server.aws.authorization import identity, s3
from sandbox.server.aws.authorization.policy import Access
from sandbox.server.aws.calls import Call

#: The IAM prefixes of services that have another signing name.
_PREFIXES = {"monitoring": "cloudwatch", "email": "ses"}


def accesses(call: Call, account: str, region: str) -> list[Access]:
    """Everything that *call* needs. The list is never empty."""
    if call.service == "s3":
        needed = s3.accesses(call.operation, call.parameters)
        if call.operation in ("GetObject", "HeadObject") and _object_is_missing(call.parameters, account):
            # Without the permission to list a bucket, a caller must not learn that an object is missing.
            needed.append(Access("s3:ListBucket", f"arn:aws:s3:::{call.parameters['Bucket']}"))
        return needed
    mapper = _MAPPERS.get(call.service)
    action = f"{_PREFIXES.get(call.service, call.service)}:{call.operation}"
    if mapper is None:
        return [Access(action, "*")]
    return mapper(action, call.parameters, account, region)


def _object_is_missing(asked: Mapping[str, Any], account: str) -> bool:
    backend = s3_backends[account]["aws"]
    if asked["Bucket"] not in backend.buckets:
        return False
    return backend.get_object(asked["Bucket"], asked["Key"], asked.get("VersionId")) is None


def _parameters(action: str, asked: Mapping[str, Any], account: str, region: str) -> list[Access]:
    names = [asked.get("Name") or asked.get("Path") or "", *asked.get("Names", [])]
    if asked.get("ResourceType") == "Parameter":
        names.append(asked.get("ResourceId", ""))
    names = [name for name in names if name]
    prefix = f"arn:aws:ssm:{region}:{account}:parameter/"
    needed = [Access(action, prefix + _plain_name(name)) for name in names]
    if asked.get("WithDecryption"):
        for name in names:
            needed += _decryption_of_parameter(name, account, region)
    return needed or [Access(action, "*")]


def _plain_name(name: str) -> str:
    """The name as in a parameter's ARN: without the ARN's beginning, version, label and leading slash."""
    if name.startswith("arn:"):
        name = name.split(":", 5)[5].removeprefix("parameter")
    return name.partition(":")[0].lstrip("/")


def _decryption_of_parameter(name: str, account: str, region: str) -> list[Access]:
    # Everyone in the account can use the key that AWS manages for SSM, through SSM, without a permission.
    parameter = ssm_backends[account][region].get_parameter(name)
    key = parameter.keyid if parameter and parameter.parameter_type == "SecureString" else None
    if not key or key == "alias/aws/ssm":
        return []
    return [_through("ssm", region, Access("kms:Decrypt", _key_arn(key, account, region)))]


def _secrets(action: str, asked: Mapping[str, Any], account: str, region: str) -> list[Access]:
    name = asked.get("SecretId") or asked.get("Name")
    if not name:
        return [Access(action, "*")]
    secret = secretsmanager_backends[account][region].secrets.get(name)
    if secret is None:
        arn = name if name.startswith("arn:") else f"arn:aws:secretsmanager:{region}:{account}:secret:{name}"
        return [Access(action, arn)]
    tags = {f"aws:resourcetag/{tag['Key']}".lower(): (tag["Value"],) for tag in secret.tags or []}
    needed = [Access(action, secret.arn, tags)]
    key = getattr(secret, "kms_key_id", None)
    if action == "secretsmanager:GetSecretValue" and key and not key.endswith("alias/aws/secretsmanager"):
        needed.append(_through("secretsmanager", region, Access("kms:Decrypt", _key_arn(key, account, region))))
    return needed


def _keys(action: str, asked: Mapping[str, Any], account: str, region: str) -> list[Access]:
    key = asked.get("KeyId")
    if not key and asked.get("CiphertextBlob"):
        key = _deserialize_ciphertext_blob(asked["CiphertextBlob"]).key_id
    return [Access(action, _key_arn(key, account, region) if key else "*")]


def _key_arn(key: str, account: str, region: str) -> str:
    backend = kms_backends[account][region]
    try:
        return str(backend.describe_key(backend.any_id_to_key_id(key)).arn)
    except NotFoundException:
        return key if key.startswith("arn:") else f"arn:aws:kms:{region}:{account}:key/{key}"


def _through(service: str, region: str, access: Access) -> Access:
    """*access* as *service* requests it for the caller."""
    return replace(access, context={"kms:viaservice": (f"{service}.{region}.amazonaws.com",)})


def _roles(action: str, asked: Mapping[str, Any], account: str, region: str) -> list[Access]:  # noqa: ARG001
    return [Access(action, asked.get("RoleArn") or "*")]


_MAPPERS: dict[str, Callable[[str, Mapping[str, Any], str, str], list[Access]]] = {
    "iam": identity.accesses,
    "kms": _keys,
    "secretsmanager": _secrets,
    "ssm": _parameters,
    "sts": _roles,
}
