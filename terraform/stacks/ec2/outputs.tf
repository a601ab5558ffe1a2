output "app" {
  description = "Name of the application."
  value       = var.app
}

output "app_url" {
  description = "Where the application answers, for those whom backend_http_cidrs admits. Of several hosts, the first."
  value       = "http://${module.host[0].public_ip}:${var.backend_port}"
}

output "app_urls" {
  description = "Where it answers on each of the hosts: what a load balancer or a name with several addresses is given."
  value       = [for host in module.host : "http://${host.public_ip}:${var.backend_port}"]
}

output "rds_endpoint" {
  description = "host:port of the database; absent without one."
  value       = one(module.database[*].endpoint)
}

output "ssh_command" {
  description = "Logs in to the first host over SSH; absent while SSH is closed. The alias keeps known_hosts right when an address is used again."
  value = length(var.ssh_ingress_cidrs) == 0 ? null : join(" ", compact([
    "ssh",
    var.ssh_private_key_file == null ? "" : "-i ${var.ssh_private_key_file}",
    "-o HostKeyAlias=${module.host[0].id}",
    "slipway@${module.host[0].public_ip}",
  ]))
}

output "session_command" {
  description = "Opens a shell on the first host by Session Manager, without an open port or a key pair; absent where session_manager is \"off\". It needs the AWS CLI with Session Manager's plugin, and ssm:StartSession on the host."
  value       = var.session_manager == "off" ? null : "aws ssm start-session --region ${var.region} --target ${module.host[0].id}"
}

output "instance_ids" {
  description = "The hosts."
  value       = module.host[*].id
}

output "artifact_bucket" {
  description = "Bucket of the application's archive: the stack's own or backend_artifact_bucket; absent without either."
  value       = var.backend_artifact_bucket == null ? lookup(module.storage.names, "artifacts", null) : local.artifact_bucket
}

output "content_bucket" {
  description = "Bucket that the application reads and writes; absent unless `buckets` has it."
  value       = lookup(module.storage.names, "content", null)
}

output "logs_bucket" {
  description = "Bucket for access logs, and for the application's logs under app/; absent unless `buckets` has it."
  value       = lookup(module.storage.names, "logs", null)
}

output "deployments_bucket" {
  description = "Bucket of the deployer's, with the lease that keeps two releases apart and with the history of releases."
  value       = module.storage.names.deployments
}

output "artifact_key" {
  description = "Key of the application's archive; absent without one."
  value       = var.backend_artifact_key
}

output "env_parameter_name" {
  description = "SSM parameter that holds the application's .env."
  value       = local.env_parameter
}

output "database_parameter_name" {
  description = "SSM parameter that holds the application's database URL; absent without a database."
  value       = local.database_parameter
}

output "database_identifier" {
  description = "Identifier of the RDS instance; absent without a database."
  value       = one(module.database[*].identifier)
}

output "database_final_snapshot" {
  description = "Name of the snapshot that destroying the database takes; absent without a database, or with database_final_snapshot = false."
  value       = one(module.database[*].final_snapshot)
}

output "vpc_id" {
  description = "VPC of the hosts."
  value       = module.network.vpc_id
}

output "security_group_id" {
  description = "Security group of the hosts."
  value       = module.security.app_security_group_id
}
