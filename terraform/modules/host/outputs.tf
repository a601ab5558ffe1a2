output "id" {
  description = "Instance id."
  value       = aws_instance.this.id
}

output "public_ip" {
  description = "Public address; it changes when the instance is stopped and started. Empty in a subnet that gives none."
  value       = aws_instance.this.public_ip
}

output "private_ip" {
  description = "Private address."
  value       = aws_instance.this.private_ip
}

output "user_data" {
  description = "What the first boot of a new host does, as cloud-init reads it."
  value       = local.user_data
}
