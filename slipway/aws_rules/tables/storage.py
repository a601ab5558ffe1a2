"""S3."""

from __future__ import annotations

import json
from typing import Any

from slipway.aws_rules.shapes import OMIT, TAGS, Block, Shape, To, Type, unless_zero
from slipway.aws_rules.tables import placeholders

_OF_BUCKET = ("aws_s3_bucket", "bucket")


def _filter(properties: dict[str, Any]) -> Any:
    """An empty filter means every object. CloudFormation has a rule's prefix beside the rule's other properties."""
    return properties.get("Prefix", OMIT)


def _rules(properties: dict[str, Any]) -> dict[str, Any]:
    """CloudFormation has the two kinds of expiration as properties of the rule itself."""
    rules = []
    for each in properties["Rules"]:
        expiration = each.pop("Expiration", {})
        rules.append(each | expiration)
    return {"LifecycleConfiguration": properties | {"Rules": rules}}


_LIFECYCLE_RULE: Shape = {
    "id": To("Id"),
    "status": To("Status"),
    "filter": Block("Prefix", {"prefix": To("Prefix")}, build=_filter),
    "abort_incomplete_multipart_upload": Block(
        "AbortIncompleteMultipartUpload", {"days_after_initiation": To("DaysAfterInitiation")}
    ),
    "expiration": Block(
        "Expiration",
        {"days": To("ExpirationInDays", unless_zero), "expired_object_delete_marker": To("ExpiredObjectDeleteMarker")},
    ),
    "noncurrent_version_expiration": Block(
        "NoncurrentVersionExpiration",
        {
            "noncurrent_days": To("NoncurrentDays"),
            "newer_noncurrent_versions": To("NewerNoncurrentVersions"),
        },
    ),
}

TYPES = {
    "aws_s3_bucket": Type("AWS::S3::Bucket", {"bucket": To("BucketName"), "tags_all": TAGS}),
    "aws_s3_bucket_ownership_controls": Type(
        "AWS::S3::Bucket",
        {"rule": Block("Rules", {"object_ownership": To("ObjectOwnership")}, many=True)},
        part_of=_OF_BUCKET,
        finish=lambda properties: {"OwnershipControls": properties},
    ),
    "aws_s3_bucket_public_access_block": Type(
        "AWS::S3::Bucket",
        {
            "block_public_acls": To("BlockPublicAcls"),
            "block_public_policy": To("BlockPublicPolicy"),
            "ignore_public_acls": To("IgnorePublicAcls"),
            "restrict_public_buckets": To("RestrictPublicBuckets"),
        },
        part_of=_OF_BUCKET,
        finish=lambda properties: {"PublicAccessBlockConfiguration": properties},
    ),
    "aws_s3_bucket_server_side_encryption_configuration": Type(
        "AWS::S3::Bucket",
        {
            "rule": Block(
                "ServerSideEncryptionConfiguration",
                {
                    "apply_server_side_encryption_by_default": Block(
                        "ServerSideEncryptionByDefault",
                        {"sse_algorithm": To("SSEAlgorithm"), "kms_master_key_id": To("KMSMasterKeyID")},
                    ),
                    "bucket_key_enabled": To("BucketKeyEnabled"),
                },
                many=True,
            )
        },
        part_of=_OF_BUCKET,
        finish=lambda properties: {"BucketEncryption": properties},
    ),
    "aws_s3_bucket_versioning": Type(
        "AWS::S3::Bucket",
        {"versioning_configuration": Block("VersioningConfiguration", {"status": To("Status")})},
        part_of=_OF_BUCKET,
    ),
    "aws_s3_bucket_lifecycle_configuration": Type(
        "AWS::S3::Bucket",
        {
            "rule": Block("Rules", _LIFECYCLE_RULE, many=True),
            "transition_default_minimum_object_size": To("TransitionDefaultMinimumObjectSize"),
        },
        part_of=_OF_BUCKET,
        finish=_rules,
    ),
    "aws_s3_bucket_logging": Type(
        "AWS::S3::Bucket",
        {
            "target_bucket": To("DestinationBucketName", unknown=placeholders.name),
            "target_prefix": To("LogFilePrefix"),
        },
        part_of=_OF_BUCKET,
        finish=lambda properties: {"LoggingConfiguration": properties},
    ),
    "aws_s3_bucket_policy": Type(
        "AWS::S3::BucketPolicy",
        {"bucket": To("Bucket", unknown=placeholders.name), "policy": To("PolicyDocument", json.loads)},
    ),
}
