"""Reading and writing SecureStrings of the parameter store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timezone
from typing import Any

from ansible_collections.slipway.fastapi.plugins.module_utils._aws import AwsError, boto_errors, error_code, explain

LIMITS = {"Standard": 4096, "Advanced": 8192}
"""Bytes that a parameter's value may have, by tier (AWS: Parameter Store quotas)."""


@dataclass(frozen=True)
class Parameter:
    """One version of a SecureString."""

    name: str
    version: int
    modified: str
    """When this version was written, in ISO 8601 and UTC.

    A parameter that is deleted and made again counts its versions from 1.
    """
    value: str = field(repr=False)


def fetch(ssm: Any, name: str) -> Parameter | None:
    """The current version of a SecureString, decrypted; None when there is no such parameter.

    Raises AwsError otherwise.
    """
    what = f"ssm:GetParameter on parameter {name}"
    try:
        answer = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    except boto_errors() as error:
        if error_code(error) == "ParameterNotFound":
            return None
        raise AwsError(explain(error, what)) from error
    if answer["Type"] != "SecureString":
        raise AwsError(
            f"parameter {name} is a {answer['Type']}, which AWS keeps in plain text and cannot turn into SecureString; "
            "delete it, renew the secrets that it held, and store them with `make env-push`"
        )
    # botocore gives it in the time zone of the machine.
    written = answer["LastModifiedDate"].astimezone(timezone.utc).isoformat()
    return Parameter(name, int(answer["Version"]), written, answer["Value"])


def describe(ssm: Any, name: str) -> Mapping[str, Any]:
    """What AWS says of a parameter without its value, such as `KeyId` and `Tier`; empty when there is none."""
    # AWS may answer with empty pages before the one that has the parameter.
    pages = ssm.get_paginator("describe_parameters").paginate(ParameterFilters=[{"Key": "Name", "Values": [name]}])
    try:
        return next((found for page in pages for found in page["Parameters"]), {})
    except boto_errors() as error:
        raise AwsError(explain(error, f"ssm:DescribeParameters for {name}")) from error


def put(ssm: Any, name: str, value: str, *, tier: str, key_id: str | None) -> int:
    """Write a SecureString and return its version.

    Without `key_id`, AWS's own key for the parameter store encrypts it.
    """
    options: dict[str, Any] = {"KeyId": key_id} if key_id else {}
    try:
        answer = ssm.put_parameter(Name=name, Value=value, Type="SecureString", Tier=tier, Overwrite=True, **options)
    except boto_errors() as error:
        raise AwsError(explain(error, f"ssm:PutParameter on parameter {name}")) from error
    return int(answer["Version"])
