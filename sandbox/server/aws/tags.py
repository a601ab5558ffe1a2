"""EC2's tags, and its limits on them (Amazon EC2 User Guide, "Tag your Amazon EC2 resources", tag restrictions)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.tags import TagBackend
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.responses.tags import TagResponse
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix

from sandbox.server.aws.patching import replaces

KEY_LENGTH = 128
VALUE_LENGTH = 256
# Letters, digits and spaces of any language, and these characters.
_ALLOWED = re.compile(r"[\w\s.:/=+\-@]*")


def refusal(tags: Mapping[str, str]) -> tuple[str, str] | None:
    """AWS's error code and message for the first of *tags* that AWS refuses, or None."""
    for key, value in tags.items():
        if not key or len(key) > KEY_LENGTH:
            return "InvalidParameterValue", f"Tag key exceeds the maximum length of {KEY_LENGTH} characters or is empty"
        if len(value) > VALUE_LENGTH:
            message = f"Tag value for key {key} exceeds the maximum length of {VALUE_LENGTH} characters"
            return "InvalidParameterValue", message
        if not _ALLOWED.fullmatch(key) or not _ALLOWED.fullmatch(value):
            message = f"Tag {key} has characters other than letters, digits, spaces and . : / = + - @ _"
            return "InvalidParameterValue", message
    return None


def reserved(tags: Collection[str]) -> tuple[str, str] | None:
    """AWS's error code and message if a tag has a key that is reserved for AWS, or None."""
    if any(key.lower().startswith("aws:") for key in tags):
        return "InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use"
    return None


def install() -> None:
    """Every fix of this file."""
    _refuse_bad_tags()
    _keep_aws_own_keys()
    _look_tags_up()


def _refuse_bad_tags() -> None:
    """Refuse the tags that EC2 refuses. moto counts tags, but accepts values of any length and alphabet."""

    @replaces(TagBackend, "create_tags")
    def create_tags(original: Callable[..., bool], backend: Any, resource_ids: list[str], tags: dict[str, str]) -> bool:
        found = refusal({key: value or "" for key, value in tags.items()})
        if found:
            raise EC2ClientError(*found)
        return original(backend, resource_ids, tags)


def _keep_aws_own_keys() -> None:
    """Refuse AWS's own keys from callers. Not in the model: launch templates and groups set such tags there."""

    @replaces(TagResponse, "create_tags")
    def create_tags(original: Callable[..., Any], response: TagResponse) -> Any:
        _require_own([tag["Key"] for tag in response._get_param("Tags", [])])
        return original(response)

    @replaces(EC2BaseResponse, "_parse_tag_specification")
    def parse(
        original: Callable[..., dict[str, dict[str, str]]], response: EC2BaseResponse, *args: Any, **kwargs: Any
    ) -> dict[str, dict[str, str]]:
        found = original(response, *args, **kwargs)
        for tags in found.values():
            _require_own(tags)
        return found


def _require_own(tags: Collection[str]) -> None:
    if found := reserved(tags):
        raise EC2ClientError(*found)


def _look_tags_up() -> None:
    """Find a resource's tags by its id. moto compares each tag of the account with a pattern, for each resource that it
    lists. With a thousand instances an inventory takes half a minute."""

    @replaces(TaggedEC2Resource, "get_tags")
    def get_tags(original: Any, resource: Any) -> list[dict[str, str]]:  # noqa: ARG001 - it is slow
        kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(resource.id), "") if resource.id else ""
        return [
            {"resource_id": resource.id, "key": key, "value": value, "resource_type": kind}
            for key, value in resource.ec2_backend.tags.get(resource.id, {}).items()
        ]
