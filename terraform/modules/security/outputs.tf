output "app_security_group_id" {
  description = "Security group of the application's hosts."
  value       = aws_security_group.app.id
}

output "database_security_group_id" {
  description = "Security group of the database, or null without one."
  value       = one(aws_security_group.database[*].id)
}
