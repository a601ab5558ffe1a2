output "names" {
  description = "Names of the buckets by kind, known once they exist."
  value       = { for kind, bucket in aws_s3_bucket.this : kind => bucket.id }
}
