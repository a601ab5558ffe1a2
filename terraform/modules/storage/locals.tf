locals {
  bucket_arns = { for kind, name in var.buckets : kind => "arn:${var.partition}:s3:::${name}" }

  # Where a deployment's line of history lies in the deployments bucket; the lease lies beside it.
  history_prefix = "${var.app}/history/"

  # The logs bucket takes the access logs of the others. Its own would describe each other without end.
  logged_kinds = contains(keys(var.buckets), "logs") ? setsubtract(keys(var.buckets), ["logs"]) : []
}
