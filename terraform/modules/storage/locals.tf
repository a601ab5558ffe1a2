locals {
  bucket_arns = { for kind, name in var.buckets : kind => "arn:${var.partition}:s3:::${name}" }

  # The logs bucket takes the access logs of the others. Its own would describe each other without end.
  logged_kinds = contains(keys(var.buckets), "logs") ? setsubtract(keys(var.buckets), ["logs"]) : []
}
