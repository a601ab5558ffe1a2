"""The permissions that an S3 call needs (Amazon S3 User Guide, "Required permissions for Amazon S3 API operations").

S3's actions in IAM are not its operations: HeadObject needs s3:GetObject, ListObjectsV2 needs s3:ListBucket.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from sandbox.server.aws.authorization.policy import Access

_ALL_BUCKETS = {"ListBuckets": "ListAllMyBuckets"}

_BUCKET = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}

_OBJECT = {
    "HeadObject": "GetObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "ListParts": "ListMultipartUploadParts",
}

#: Permissions that have another name if the request names an object's version.
_VERSIONED = {
    "GetObject": "GetObjectVersion",
    "DeleteObject": "DeleteObjectVersion",
    "GetObjectTagging": "GetObjectVersionTagging",
    "PutObjectTagging": "PutObjectVersionTagging",
    "DeleteObjectTagging": "DeleteObjectVersionTagging",
    "GetObjectAcl": "GetObjectVersionAcl",
    "PutObjectAcl": "PutObjectVersionAcl",
    "GetObjectAttributes": "GetObjectVersionAttributes",
}

#: Condition keys, each with the parameter that is its value.
_CONTEXT = {
    "s3:prefix": "Prefix",
    "s3:delimiter": "Delimiter",
    "s3:max-keys": "MaxKeys",
    "s3:versionid": "VersionId",
    "s3:x-amz-acl": "ACL",
    "s3:x-amz-server-side-encryption": "ServerSideEncryption",
}


def accesses(operation: str, parameters: Mapping[str, Any]) -> list[Access]:
    """Everything that the S3 call needs. The list is never empty."""
    if operation in _ALL_BUCKETS or "Bucket" not in parameters:
        return [Access(f"s3:{_ALL_BUCKETS.get(operation, operation)}", "*")]
    context = {
        key: (str(parameters[name]),) for key, name in _CONTEXT.items() if parameters.get(name) not in (None, "")
    }
    bucket = f"arn:aws:s3:::{parameters['Bucket']}"
    if operation == "DeleteObjects":
        return [_delete(bucket, each, context) for each in parameters.get("Delete", {}).get("Objects", [])] or [
            Access("s3:DeleteObject", f"{bucket}/*", context)
        ]
    if not parameters.get("Key"):
        return [Access(f"s3:{_BUCKET.get(operation, operation)}", bucket, context)]
    action = _OBJECT.get(operation, operation)
    if parameters.get("VersionId"):
        action = _VERSIONED.get(action, action)
    needed = [Access(f"s3:{action}", f"{bucket}/{parameters['Key']}", context)]
    if parameters.get("Tagging") and action == "PutObject":
        needed.append(Access("s3:PutObjectTagging", f"{bucket}/{parameters['Key']}", context))
    if parameters.get("CopySource"):
        needed.append(_copy_source(parameters["CopySource"]))
    return needed


def _delete(bucket: str, entry: Mapping[str, Any], context: Mapping[str, tuple[str, ...]]) -> Access:
    action = "DeleteObjectVersion" if entry.get("VersionId") else "DeleteObject"
    return Access(f"s3:{action}", f"{bucket}/{entry['Key']}", context)


def _copy_source(source: str) -> Access:
    path, _, query = source.partition("?")
    action = "GetObjectVersion" if parse_qs(query).get("versionId") else "GetObject"
    return Access(f"s3:{action}", f"arn:aws:s3:::{unquote(path).lstrip('/')}")
