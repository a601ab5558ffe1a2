output "identifier" {
  description = "Identifier of the RDS instance, under which its description and its managed secret are found."
  value       = aws_db_instance.this.identifier
}

output "endpoint" {
  description = "host:port that clients connect to."
  value       = aws_db_instance.this.endpoint
}

output "final_snapshot" {
  description = "Name of the snapshot that a deletion takes, or null where none is wanted."
  value       = var.final_snapshot ? aws_db_instance.this.final_snapshot_identifier : null
}
