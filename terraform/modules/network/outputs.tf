output "vpc_id" {
  description = "The VPC that everything else is placed in."
  value       = local.is_new ? aws_vpc.this[0].id : coalesce(local.existing_vpc_id, one(data.aws_vpc.default[*].id))
}

output "public_subnet_ids" {
  description = "Subnets with a route to the internet, in the order of their zones."
  value       = local.host_subnets[*].id

  precondition {
    condition     = length(local.bare_zones) == 0
    error_message = "Zone ${join(", ", local.bare_zones)}, where a host stands or shall stand, does not offer ${var.hosts.instance_type}: choose another instance_type or another subnet. `aws ec2 describe-instance-type-offerings --location-type availability-zone --filters Name=instance-type,Values=${var.hosts.instance_type}` lists the zones that do."
  }

  precondition {
    condition     = length(local.lost_subnets) == 0
    error_message = "The default subnet ${join(", ", local.lost_subnets)}, where a host stood, is gone, and the host with it: `terraform apply -replace='module.network.terraform_data.default_subnets[0]'` chooses anew among those that there are."
  }

  # A host that boots before its route exists has no network when cloud-init asks for it.
  depends_on = [aws_route.internet, aws_route_table_association.public, data.aws_route_table.existing]
}

output "database_subnet_ids" {
  description = "Subnets for databases, in two zones at least: without a route out in a new VPC, the default subnets in the default VPC. Empty without a database."
  value = (
    !var.database ? [] :
    local.is_new ? [for zone in local.zones : aws_subnet.database[zone].id] :
    values(local.default_subnets)
  )
}
