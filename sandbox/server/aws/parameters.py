"""Systems Manager's limits on parameters (AWS General Reference, "AWS Systems Manager endpoints and quotas").

The limits on names are those of PutParameter (Systems Manager API Reference), the limits on tags those of Tag and
AddTagsToResource.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from moto.ssm.exceptions import SSMException, ValidationException
from moto.ssm.models import SimpleSystemManagerBackend
from moto.ssm.utils import parameter_arn

from sandbox.server.aws import tags as limits
from sandbox.server.aws.patching import replaces

STANDARD_BYTES = 4096
ADVANCED_BYTES = 8192
#: Characters of a name, including the beginning of its ARN.
NAME_LENGTH = 1011
LEVELS = 15
TAGS = 50
_NAME = re.compile(r"[A-Za-z0-9_.\-]+|(/[A-Za-z0-9_.\-]+)+")


def value_refusal(value: str, tier: str | None) -> str | None:
    """AWS's message if *value* is too long for *tier*, or None. Lengths are in bytes of UTF-8."""
    size = len(value.encode())
    if tier in (None, "Standard") and size > STANDARD_BYTES:
        return (
            "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger "
            "parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see "
            "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
        )
    if size > ADVANCED_BYTES:
        return "Advanced tier parameters support a maximum parameter value of 8192 characters."
    return None


def name_refusal(name: str, arn: str) -> tuple[str, str] | None:
    """AWS's error code and message for a parameter's name, or None."""
    if not _NAME.fullmatch(name):
        return "ValidationException", (
            "Parameter name must be a fully qualified name: a path begins with a slash, and its parts are letters, "
            "numbers and the symbols .-_"
        )
    if name.count("/") > LEVELS:
        return "HierarchyLevelLimitExceededException", f"A hierarchy can have a maximum of {LEVELS} levels: {name}"
    if len(arn) > NAME_LENGTH:
        return "ValidationException", f"Parameter name with its ARN exceeds the maximum of {NAME_LENGTH} characters"
    return None


def tags_refusal(tags: Mapping[str, str], present: Collection[str] = ()) -> tuple[str, str] | None:
    """AWS's error code and message for *tags* that are added to those *present*, or None."""
    if len({*tags, *present}) > TAGS:
        return "TooManyTagsError", f"A resource can have a maximum of {TAGS} tags"
    found = limits.refusal(tags) or limits.reserved(tags)
    return ("ValidationException", found[1]) if found else None


def install() -> None:
    """Every fix of this file. moto accepts names, values and tags of any length, which AWS would refuse."""
    _refuse_bad_parameters()
    _refuse_bad_tags()


def _refuse_bad_parameters() -> None:
    @replaces(SimpleSystemManagerBackend, "put_parameter")
    def put_parameter(original: Callable[..., Any], backend: Any, *args: Any, **kwargs: Any) -> Any:
        asked = inspect.signature(original).bind(backend, *args, **kwargs).arguments
        name: str = asked["name"]
        tags = {each["Key"]: each.get("Value") or "" for each in asked.get("tags") or []}
        if found := name_refusal(name, parameter_arn(backend.account_id, backend.region_name, name)) or tags_refusal(
            tags
        ):
            raise SSMException(*found)
        previous = backend.get_parameter(name)
        message = value_refusal(asked["value"] or "", asked.get("tier") or (previous.tier if previous else None))
        if message:
            raise ValidationException(message)
        return original(backend, *args, **kwargs)


def _refuse_bad_tags() -> None:
    @replaces(SimpleSystemManagerBackend, "add_tags_to_resource")
    def add_tags(
        original: Callable[..., None], backend: Any, resource_type: str, resource_id: str, tags: dict[str, str]
    ) -> None:
        present = backend.list_tags_for_resource(resource_type, resource_id)
        if found := tags_refusal(tags, present):
            raise SSMException(*found)
        original(backend, resource_type, resource_id, tags)
