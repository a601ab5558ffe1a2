locals {
  is_new      = var.mode == "new"
  is_existing = var.mode == "existing"

  zones = local.is_new ? slice(data.aws_availability_zones.available[0].names, 0, var.zone_count) : []

  # Eight equal parts: the first four for public subnets, the last four for database subnets. A zone keeps its ranges
  # whatever zone_count is, so raising it later moves nothing.
  public_cidrs   = { for index, zone in local.zones : zone => cidrsubnet(var.cidr, 3, index) }
  database_cidrs = { for index, zone in local.zones : zone => cidrsubnet(var.cidr, 3, index + 4) if var.database }

  # An existing network as it is asked for, in the words of a message, and as it is found.
  existing_vpc_wanted    = var.existing.vpc_id != null ? var.existing.vpc_id : "with the tags ${jsonencode(var.existing.vpc_tags)}"
  existing_subnet_wanted = var.existing.subnet_id != null ? var.existing.subnet_id : "with the tags ${jsonencode(var.existing.subnet_tags)}"

  existing_vpc_id    = one(flatten(data.aws_vpcs.existing[*].ids))
  existing_subnet_id = one(flatten(data.aws_subnets.existing[*].ids))

  # A subnet that no route table names follows the VPC's main table.
  existing_table_id = one(coalescelist(flatten(data.aws_route_tables.own[*].ids), flatten(data.aws_route_tables.main[*].ids), [null]))
}
