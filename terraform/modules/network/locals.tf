locals {
  is_new      = var.mode == "new"
  is_existing = var.mode == "existing"

  offered_zones = data.aws_ec2_instance_type_offerings.zones.locations

  zones = local.is_new ? slice(terraform_data.zones[0].input, 0, min(var.zone_count, length(terraform_data.zones[0].input))) : []

  # AWS has one default subnet in a zone at most.
  default_subnets = { for subnet in data.aws_subnet.default : subnet.availability_zone => subnet.id }

  # The subnets that hosts stand in, in turn.
  host_subnets = (
    local.is_new ? [for zone in local.zones : { zone = zone, id = aws_subnet.public[zone].id }] :
    local.is_existing ? [{ zone = data.aws_subnet.existing[0].availability_zone, id = data.aws_subnet.existing[0].id }] :
    terraform_data.default_subnets[0].input
  )
  used_subnets = slice(local.host_subnets, 0, min(var.hosts.count, length(local.host_subnets)))
  lost_subnets = [for subnet in local.used_subnets : subnet.id if var.mode == "default" && !contains(values(local.default_subnets), subnet.id)]
  bare_zones   = [for subnet in local.used_subnets : subnet.zone if !contains(local.offered_zones, subnet.zone)]

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
