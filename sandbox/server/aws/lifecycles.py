"""S3 buckets' lifecycle rules."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response

from sandbox.server.aws.patching import replaces


def install() -> None:
    """Show lifecycle rules as they were put. moto loses the parts that it does not know (the number of newer versions,
    object sizes), and Terraform waits for minutes to read what it wrote."""

    @replaces(FakeBucket, "set_lifecycle")
    def set_lifecycle(original: Callable[..., None], bucket: FakeBucket, rules: list[dict[str, Any]]) -> None:
        as_put = copy.deepcopy(rules)
        original(bucket, rules)
        # moto adds an id to a rule without one.
        bucket.rules_as_put = [{**put, "ID": kept.id} for put, kept in zip(as_put, bucket.rules)]

    @replaces(S3Response, "get_bucket_lifecycle")
    def get_bucket_lifecycle(original: Callable[..., Any], response: S3Response) -> Any:
        bucket = response.backend.get_bucket(response.bucket_name)
        if not bucket.rules:
            return original(response)
        response.data["Action"] = "GetBucketLifecycleConfiguration"
        return response.serialized(
            ActionResult(
                {
                    "Rules": [shown(rule) for rule in bucket.rules_as_put],
                    "TransitionDefaultMinimumObjectSize": "all_storage_classes_128K",
                }
            )
        )


def shown(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule as it was put, with the names of botocore's model instead of those of the XML."""
    result = {name: value for name, value in rule.items() if name not in ("Filter", *_LISTS)}
    result.update({plural: _list(rule[name]) for name, plural in _LISTS.items() if rule.get(name)})
    if "Filter" in rule or "Prefix" not in rule:
        result["Filter"] = _filter(rule.get("Filter") or {})
    elif result["Prefix"] is None:
        result["Prefix"] = ""
    return result


_LISTS = {"Transition": "Transitions", "NoncurrentVersionTransition": "NoncurrentVersionTransitions"}


def _filter(put: dict[str, Any]) -> dict[str, Any]:
    result = {name: "" if value is None else value for name, value in put.items() if name != "And"}
    if "And" in put:
        both = {name: "" if value is None else value for name, value in put["And"].items() if name != "Tag"}
        result["And"] = {**both, "Tags": _list(put["And"].get("Tag") or [])}
    return result


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
