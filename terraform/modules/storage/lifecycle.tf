resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  rule {
    id     = "abandoned-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  dynamic "rule" {
    for_each = each.key == "artifacts" ? [var.artifact_retention_days] : []

    content {
      id     = "replaced-artifacts"
      status = "Enabled"

      filter {}

      noncurrent_version_expiration {
        noncurrent_days = rule.value
      }
    }
  }

  dynamic "rule" {
    for_each = each.key == "logs" ? [var.log_retention_days] : []

    content {
      id     = "old-logs"
      status = "Enabled"

      filter {}

      expiration {
        days = rule.value
      }
    }
  }
}
