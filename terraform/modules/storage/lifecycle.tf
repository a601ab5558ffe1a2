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

  # Of the deployments bucket only the history ages. The lease does not: its generation must never begin anew.
  dynamic "rule" {
    for_each = each.key == "deployments" ? [var.deployment_retention_days] : []

    content {
      id     = "old-history"
      status = "Enabled"

      filter {
        prefix = local.history_prefix
      }

      expiration {
        days = rule.value
      }
    }
  }

  # A lease is written anew every few seconds while a release runs.
  dynamic "rule" {
    for_each = each.key == "deployments" ? [30] : []

    content {
      id     = "replaced-leases-and-deleted-history"
      status = "Enabled"

      filter {}

      noncurrent_version_expiration {
        noncurrent_days = rule.value
      }

      expiration {
        expired_object_delete_marker = true
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

  # Without versioning the rules have nothing to act on.
  depends_on = [aws_s3_bucket_versioning.this]
}
