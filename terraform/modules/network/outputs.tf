output "vpc_id" {
  description = "The VPC that everything else is placed in."
  value       = local.is_new ? aws_vpc.this[0].id : coalesce(local.existing_vpc_id, one(data.aws_vpc.default[*].id))
}

output "public_subnet_ids" {
  description = "Subnets with a route to the internet, in the order of their zones."
  value = (
    local.is_new ? [for zone in local.zones : aws_subnet.public[zone].id] :
    local.is_existing ? [data.aws_subnet.existing[0].id] :
    sort(data.aws_subnets.default[0].ids)
  )

  # A host that boots before its route exists has no network when cloud-init asks for it.
  depends_on = [aws_route.internet, aws_route_table_association.public, data.aws_route_table.existing]
}

output "database_subnet_ids" {
  description = "Subnets for databases, in two zones at least: without a route out in a new VPC, the default subnets in the default VPC. Empty without a database."
  value = (
    !var.database ? [] :
    local.is_new ? [for zone in local.zones : aws_subnet.database[zone].id] :
    sort(data.aws_subnets.default[0].ids)
  )
}
