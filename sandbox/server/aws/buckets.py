"""S3 buckets: their policies, the delivery of access logs, and the removal of versions."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, S3Backend

from sandbox.server.aws.authorization.policy import Access, Decision, decide
from sandbox.server.aws.patching import replaces

_LOGGING = "logging.s3.amazonaws.com"
#: All traffic of the sandbox counts as TLS, because AWS's endpoints use TLS.
_CONTEXT = {"aws:securetransport": ("true",)}
_RESULTS = {
    Decision.ALLOW: PermissionResult.PERMITTED,
    Decision.EXPLICIT_DENY: PermissionResult.DENIED,
    Decision.IMPLICIT_DENY: PermissionResult.NEUTRAL,
}


def install() -> None:
    """Every fix of this file."""
    _apply_policies()
    _deliver_logs()
    _delete_versions()


def _apply_policies() -> None:
    """A statement whose condition is not met does not apply. moto treats it as a denial, so that the usual statement
    that denies requests without TLS denies everything."""

    @replaces(FakeBucket, "get_permission")
    def get_permission(original: Any, bucket: FakeBucket, action: str, resource: str) -> PermissionResult:  # noqa: ARG001
        documents = [json.loads(bucket.policy)] if bucket.policy else []
        # Only statements for everybody: the gate has checked roles, and the operator is not checked.
        return _RESULTS[decide(documents, Access(action, resource, _CONTEXT), frozenset({"*"}))]


def _deliver_logs() -> None:
    """Let a bucket receive access logs if its policy allows it, as AWS does.

    moto compares the text of the policy's statement instead, and raises an error if the principal is `*`.
    """

    @replaces(FakeBucket, "set_logging")
    def set_logging(
        original: Callable[..., None], bucket: FakeBucket, logging_config: dict[str, Any] | None, bucket_backend: Any
    ) -> None:
        target = bucket_backend.buckets.get((logging_config or {}).get("TargetBucket"))
        if logging_config and target is not None and target.region_name == bucket.region_name:
            document = json.loads(target.policy) if target.policy else {}
            if may_deliver(document, bucket, target, logging_config.get("TargetPrefix") or ""):
                bucket.logging = logging_config
                return
        original(bucket, logging_config, bucket_backend)

    FakeBucket._log_permissions_enabled_policy = staticmethod(lambda **_: False)


def may_deliver(document: dict[str, Any], source: FakeBucket, target: FakeBucket, prefix: str) -> bool:
    """Whether the policy *document* of *target* allows S3 to write the logs of *source* below *prefix*."""
    context = {**_CONTEXT, "aws:sourcearn": (source.arn,), "aws:sourceaccount": (source.account_id,)}
    access = Access("s3:PutObject", f"{target.arn}/{prefix}2026-01-01-00-00-00-0123456789ABCDEF", context)
    return decide([document], access, frozenset({"*", _LOGGING})) is Decision.ALLOW


def _delete_versions() -> None:
    """A deletion with a version id deletes that version only, also when versioning is suspended: so Terraform empties a
    bucket. moto then removes all versions of the key, and fails if one is a delete marker."""

    @replaces(S3Backend, "delete_object")
    def delete_object(
        original: Callable[..., tuple[bool, dict[str, Any]]],
        backend: S3Backend,
        bucket_name: str,
        key_name: str,
        *,
        version_id: str | None = None,
        bypass: bool = False,
    ) -> tuple[bool, dict[str, Any]]:
        bucket = backend.get_bucket(bucket_name)
        if version_id is None or bucket.versioning_status != "Suspended":
            return original(backend, bucket_name, key_name, version_id=version_id, bypass=bypass)
        kept = [version for version in bucket.keys.getlist(key_name, []) if str(version.version_id) != version_id]
        bucket.keys.setlist(key_name, kept)
        if not kept:
            bucket.keys.pop(key_name)
        return True, {"version-id": version_id}
