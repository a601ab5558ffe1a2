"""The error codes and messages with which each family of services refuses a request.

Sources of AWS's own words:
- IAM, STS and others of the Query protocol: SWO-GS/auto-tag#90 (`ValidationError`, "1 validation error detected: …").
- AWS JSON: aws/aws-sdk-js#2748 (`ValidationException`, the same sentence); aws/aws-cdk#27087 (a value of another type
  is a `SerializationException`, "STRING_VALUE can not be converted to an Integer"); a secret is not repeated:
  ministryofjustice/modernisation-platform#8116.
- EC2: aws/aws-cli#21 (`UnknownParameter`, "The parameter … is not recognized"); Amazon EC2 API Reference, "Error codes"
  (`MissingParameter`, `InvalidParameterValue`); getmoto/moto#1695 ("Invalid value … for InstanceType.").
- RDS: Amazon RDS API Reference, "Common Errors" (`MissingParameter`, `InvalidParameterValue`).
- S3: Amazon S3 API Reference, "Error responses" (`MalformedXML`, `InvalidArgument`, `MissingRequestBodyError`, …).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.server.aws.requests.checking import Kind, Violation

_JSON = ("json", "rest-json")
_MALFORMED_XML = (
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
)
_S3_CODES = {
    "StorageClass": ("InvalidStorageClass", "The storage class you specified is not valid"),
    "ServerSideEncryption": ("InvalidEncryptionAlgorithmError", "The encryption request you specified is not valid"),
    "LocationConstraint": ("InvalidLocationConstraint", "The specified location-constraint is not valid"),
}
_JSON_TYPES = {"str": "STRING_VALUE", "bool": "TRUE_VALUE", "int": "NUMBER_VALUE", "float": "NUMBER_VALUE"}


def malformed(service: str, protocol: str) -> tuple[str, str]:
    """Code and message for a body that cannot be read."""
    if service == "s3" or protocol == "rest-xml":
        return _MALFORMED_XML
    if protocol in _JSON:
        return "SerializationException", "Unexpected token in the request's body: it is not one JSON object"
    return "MalformedQueryString", "The query string contains a syntax error"


def unknown(service: str, protocol: str, names: Sequence[str]) -> tuple[str, str]:
    """Code and message for parameters that the operation does not have."""
    if service == "ec2":
        return "UnknownParameter", f"The parameter {names[0]} is not recognized"
    if protocol == "rest-xml":
        return _MALFORMED_XML
    # AWS ignores them, so that a misspelt setting has no effect. Here they are refused, in the form of the same family.
    code = "ValidationException" if protocol in _JSON else "ValidationError"
    return code, f"1 validation error detected: the operation has no parameter '{names[0]}'"


def refused(service: str, protocol: str, found: Sequence[Violation]) -> tuple[str, str]:
    """Code and message for values that the model does not allow. *found* is not empty."""
    first = found[0]
    if service == "ec2":
        return _ec2(first)
    if service == "rds":
        return _rds(first)
    if protocol == "rest-xml":
        return _s3(first)
    if first.kind is Kind.TYPE:
        return _type(first, protocol)
    code = "ValidationException" if protocol in _JSON else "ValidationError"
    many = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: "
    return code, many + "; ".join(_sentence(each, protocol) for each in found)


def _sentence(found: Violation, protocol: str) -> str:
    where = _coral_path(found.path, protocol)
    constraint = _constraint(found)
    if found.kind is Kind.REQUIRED:
        return f"Value null at '{where}' failed to satisfy constraint: {constraint}"
    # AWS does not repeat a secret value.
    value = "" if found.secret else f" '{_shown(found.value)}'"
    return f"Value{value} at '{where}' failed to satisfy constraint: {constraint}"


def _constraint(found: Violation) -> str:
    if found.kind is Kind.ENUM:
        return f"Member must satisfy enum value set: [{', '.join(found.limit)}]"
    return {
        Kind.REQUIRED: "Member must not be null",
        Kind.TYPE: f"Member must be a {found.type_name}",
        Kind.PATTERN: f"Member must satisfy regular expression pattern: {found.limit}",
        Kind.SHORT: f"Member must have length greater than or equal to {found.limit}",
        Kind.LONG: f"Member must have length less than or equal to {found.limit}",
        Kind.LOW: f"Member must have value greater than or equal to {found.limit}",
        Kind.HIGH: f"Member must have value less than or equal to {found.limit}",
    }[found.kind]


def _type(found: Violation, protocol: str) -> tuple[str, str]:
    if protocol in _JSON:
        given = _JSON_TYPES.get(type(found.value).__name__, "START_OBJECT")
        article = "an" if found.type_name[0] in "aeiou" else "a"
        return "SerializationException", f"{given} can not be converted to {article} {found.type_name.capitalize()}"
    return "ValidationError", f"1 validation error detected: {_sentence(found, protocol)}"


def _ec2(found: Violation) -> tuple[str, str]:
    name = _dotted(found.path)
    if found.kind is Kind.REQUIRED:
        return "MissingParameter", f"The request must contain the parameter {name}"
    if found.path[-1] == "InstanceType":
        return "InvalidParameterValue", f"Invalid value '{_shown(found.value)}' for InstanceType."
    lower = name[0].lower() + name[1:]
    return (
        "InvalidParameterValue",
        f"Value ({_shown(found.value)}) for parameter {lower} is invalid. {_constraint(found)}",
    )


def _rds(found: Violation) -> tuple[str, str]:
    name = _dotted(found.path)
    if found.kind is Kind.REQUIRED:
        return "MissingParameter", f"The request must contain the parameter {name}"
    value = "" if found.secret or "Password" in name else f" {_shown(found.value)}"
    return "InvalidParameterValue", f"Invalid value{value} for parameter {name}. {_constraint(found)}"


def _s3(found: Violation) -> tuple[str, str]:
    name = str(found.path[-1])
    if found.kind is Kind.ENUM and name in _S3_CODES:
        return _S3_CODES[name]
    if found.location == "payload":
        return "MissingRequestBodyError", "Request Body is empty"
    if not found.location:
        return _MALFORMED_XML
    if found.kind is Kind.REQUIRED:
        return "InvalidRequest", f"Missing required parameter: {name}"
    return "InvalidArgument", f"Invalid value for {name}. {_constraint(found)}"


def _coral_path(path: tuple[str | int, ...], protocol: str) -> str:
    """`tags.1.member.value`, as AWS writes Tags[0].Value."""
    parts: list[str] = []
    for each in path:
        parts += [str(each), "member"] if isinstance(each, int) else [each[:1].lower() + each[1:]]
    if parts and parts[-1] == "member" and protocol in _JSON:
        parts.pop()
    return ".".join(parts)


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(str(each) for each in path)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else str(value)
