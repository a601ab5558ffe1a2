locals {
  # Built from names, not read from the buckets: the policy is known when planning, and no bucket is waited for.
  bucket_arns = { for kind, name in var.buckets : kind => "arn:${var.partition}:s3:::${name}" if name != null }

  parameter_arns = [
    for name in var.parameter_names : "arn:${var.partition}:ssm:${var.region}:${var.account_id}:parameter${name}"
  ]
}
