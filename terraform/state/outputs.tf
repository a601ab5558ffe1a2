output "bucket" {
  description = "Name of the state bucket."
  value       = aws_s3_bucket.this.id
}

output "backend_line" {
  description = "What to write into envs/<env>/backend.hcl."
  value       = "bucket = \"${aws_s3_bucket.this.id}\""
}
