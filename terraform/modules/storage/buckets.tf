resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_145:AES256 by S3 itself: a key of KMS would cost money and one more permission for each reader
  #checkov:skip=CKV_AWS_144:a copy in another region is the operator's choice; versions guard against deletion
  #checkov:skip=CKV2_AWS_62:nothing listens for events

  for_each = var.buckets

  bucket        = each.value
  force_destroy = !var.protect_data
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = aws_s3_bucket.this

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

# A release names the version of its artifact, so a replaced artifact must stay readable; and whatever happens to the lease
# or to a line of the history, what it was can be looked up.
resource "aws_s3_bucket_versioning" "this" {
  for_each = { for kind, bucket in aws_s3_bucket.this : kind => bucket if contains(["artifacts", "deployments"], kind) }

  bucket = each.value.id

  versioning_configuration {
    status = "Enabled"
  }
}

# As two changes they would race, and the loser might be the one that switches versioning on.
moved {
  from = aws_s3_bucket_versioning.artifacts[0]
  to   = aws_s3_bucket_versioning.this["artifacts"]
}
