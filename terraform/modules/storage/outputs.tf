output "names" {
  description = "Names of the buckets by kind, known once they exist."
  value       = { for kind, bucket in aws_s3_bucket.this : kind => bucket.id }
}

output "policy_json" {
  description = "Bucket policies by kind, as JSON."
  value       = { for kind, document in data.aws_iam_policy_document.bucket : kind => document.json }
}
