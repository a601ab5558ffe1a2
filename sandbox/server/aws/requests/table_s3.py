"""Rules of Amazon S3."""

from __future__ import annotations

from sandbox.server.aws.requests.rules import BYTES, ENTRIES, Rule

_NAMES = 'Amazon S3 User Guide, "General purpose bucket naming rules"'
_INVALID_NAME = ("InvalidBucketName", "The specified bucket is not valid.")
_ERRORS = 'Amazon S3 API Reference, "Error responses"'
_TAGS = 'Amazon S3 User Guide, "Using cost allocation S3 bucket tags" and "Categorizing your objects using tags"'
_LIFECYCLE = ("PutBucketLifecycleConfiguration",)
_RULES = "LifecycleConfiguration.Rules"
_LIFECYCLE_PAGE = "Amazon S3 API Reference, PutBucketLifecycleConfiguration and LifecycleRule"


def _name(pattern: str = "", refused: str = "") -> Rule:
    return Rule(
        "s3",
        ("CreateBucket",),
        "Bucket",
        *_INVALID_NAME,
        _NAMES,
        pattern=pattern,
        refused=refused,
        terraform=("aws_s3_bucket.bucket",),
    )


def _days(path: str, word: str, *terraform: str) -> Rule:
    return Rule(
        "s3",
        _LIFECYCLE,
        f"{_RULES}[].{path}",
        "InvalidArgument",
        f"'{{last}}' for {word} action must be a positive integer",
        _LIFECYCLE_PAGE,
        low=1,
        terraform=terraform,
    )


def _tag(operation: str, part: str, longest: int, refused: str, message: str) -> Rule:
    return Rule(
        "s3", (operation,), f"Tagging.TagSet[].{part}", "InvalidTag", message, _TAGS, refused=refused, longest=longest
    )


RULES: tuple[Rule, ...] = (
    _name(pattern=r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]"),
    _name(refused=r"\.\.|^\d+\.\d+\.\d+\.\d+$|^xn--|^sthree-|^amzn-s3-demo-"),
    _name(refused=r"(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$"),
    Rule(
        "s3",
        ("PutObject", "CopyObject", "CreateMultipartUpload"),
        "Key",
        "KeyTooLongError",
        "Your key is too long",
        f'{_ERRORS}; Amazon S3 User Guide, "Naming Amazon S3 objects" (1,024 bytes)',
        longest=1024,
        unit=BYTES,
        terraform=("aws_s3_object.key",),
    ),
    *(
        rule
        for operation in ("PutBucketTagging", "PutObjectTagging")
        for rule in (
            _tag(operation, "Key", 128, r"[^\p{L}\p{Z}\p{N}_.:/=+\-@]|^$", "The TagKey you have provided is invalid"),
            _tag(operation, "Value", 256, r"[^\p{L}\p{Z}\p{N}_.:/=+\-@]", "The TagValue you have provided is invalid"),
            _tag(operation, "Key", 128, r"(?i)^aws:", "System tags cannot be added/updated by requester"),
        )
    ),
    Rule(
        "s3",
        ("PutBucketTagging",),
        "Tagging.TagSet",
        "BadRequest",
        "Bucket tag count cannot be greater than 50",
        _TAGS,
        longest=50,
        unit=ENTRIES,
    ),
    Rule(
        "s3",
        ("PutObjectTagging",),
        "Tagging.TagSet",
        "BadRequest",
        "Object tags cannot be greater than 10",
        _TAGS,
        longest=10,
        unit=ENTRIES,
    ),
    Rule(
        "s3",
        ("PutBucketPolicy",),
        "Policy",
        "PolicyTooLarge",
        "Policy exceeds the maximum allowed document size.",
        f'{_ERRORS}; Amazon S3 User Guide, "Bucket policies for Amazon S3" (20 KB)',
        longest=20480,
        unit=BYTES,
        terraform=("aws_s3_bucket_policy.policy",),
    ),
    Rule(
        "s3",
        _LIFECYCLE,
        f"{_RULES}[].ID",
        "InvalidArgument",
        "ID length should not exceed allowed limit of 255",
        _LIFECYCLE_PAGE,
        longest=255,
        terraform=("aws_s3_bucket_lifecycle_configuration.rule.id",),
    ),
    _days("Expiration.Days", "Expiration", "aws_s3_bucket_lifecycle_configuration.rule.expiration.days"),
    _days(
        "NoncurrentVersionExpiration.NoncurrentDays",
        "NoncurrentVersionExpiration",
        "aws_s3_bucket_lifecycle_configuration.rule.noncurrent_version_expiration.noncurrent_days",
    ),
    _days("AbortIncompleteMultipartUpload.DaysAfterInitiation", "AbortIncompleteMultipartUpload"),
    Rule(
        "s3",
        _LIFECYCLE,
        f"{_RULES}[].Expiration",
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
        "Amazon S3 API Reference, LifecycleExpiration (ExpiredObjectDeleteMarker: not with Days or Date)",
        together=("Days", "Date", "ExpiredObjectDeleteMarker"),
    ),
)
