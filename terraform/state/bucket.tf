locals {
  name = coalesce(var.bucket, "slipway-state-${var.env}-${var.account_id}")
}

import {
  for_each = var.adopt ? toset([local.name]) : []

  to = aws_s3_bucket.this
  id = each.value
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_145:AES256 by S3 itself: a key of KMS would cost money and one more permission for each reader
  #checkov:skip=CKV_AWS_144:a copy in another region is the operator's choice; versions guard against deletion
  #checkov:skip=CKV2_AWS_62:nothing listens for events
  #checkov:skip=CKV_AWS_18:a bucket for logs belongs to an application, and this one is there before any

  bucket = local.name

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "old-states"
    status = "Enabled"

    filter {}

    # A state is uploaded in one part. Parts of anything else that was broken off are not kept.
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    noncurrent_version_expiration {
      newer_noncurrent_versions = 20
      noncurrent_days           = var.version_retention_days
    }
  }

  # Without versioning the rule has nothing to act on.
  depends_on = [aws_s3_bucket_versioning.this]
}

data "aws_partition" "current" {}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid     = "TlsOnly"
    effect  = "Deny"
    actions = ["s3:*"]
    resources = [
      "arn:${data.aws_partition.current.partition}:s3:::${local.name}",
      "arn:${data.aws_partition.current.partition}:s3:::${local.name}/*",
    ]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = data.aws_iam_policy_document.bucket.json

  # S3 answers 409 to two changes of one bucket's access rules at a time.
  depends_on = [aws_s3_bucket_public_access_block.this]
}
