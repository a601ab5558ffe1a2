data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "Instances"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "host" {
  # The values are encrypted with the AWS managed key aws/ssm, whose own policy lets SSM decrypt for whoever may read the
  # parameter: no kms:Decrypt is needed.
  statement {
    sid       = "ReadParameters"
    actions   = ["ssm:GetParameter"]
    resources = local.parameter_arns
  }

  dynamic "statement" {
    for_each = var.artifact_objects[*]

    content {
      sid       = "ReadReleases"
      actions   = ["s3:GetObject", "s3:GetObjectVersion"]
      resources = ["${local.bucket_arns.artifacts}/${statement.value}"]
    }
  }

  dynamic "statement" {
    for_each = var.buckets.content[*]

    content {
      sid       = "UseContent"
      actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
      resources = ["${local.bucket_arns.content}/*"]
    }
  }

  # Also makes a missing object a 404 instead of a 403.
  dynamic "statement" {
    for_each = var.buckets.content[*]

    content {
      sid       = "ListContent"
      actions   = ["s3:ListBucket"]
      resources = [local.bucket_arns.content]
    }
  }

  # Under a prefix of its own, so that a host can overwrite no server access log.
  dynamic "statement" {
    for_each = var.buckets.logs[*]

    content {
      sid       = "WriteLogs"
      actions   = ["s3:PutObject"]
      resources = ["${local.bucket_arns.logs}/app/*"]
    }
  }

  # What Session Manager's agent needs, and nothing of AmazonSSMManagedInstanceCore beside it, which would also let the
  # host read every parameter of the account.
  statement {
    sid       = "RegisterWithSessionManager"
    actions   = ["ssm:UpdateInstanceInformation"]
    resources = ["arn:${var.partition}:ec2:${var.region}:${var.account_id}:instance/*"]
  }

  statement {
    sid = "OpenSessions"
    actions = [
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ]
    # AWS defines no resource for these actions: "*" is the only value that it accepts.
    resources = ["*"]
  }
}
