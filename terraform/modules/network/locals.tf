locals {
  is_new = var.mode == "new"

  zones = local.is_new ? slice(data.aws_availability_zones.available[0].names, 0, var.zone_count) : []

  # Eight equal parts: the first four for public subnets, the last four for database subnets. A zone keeps its ranges
  # whatever zone_count is, so raising it later moves nothing.
  public_cidrs   = { for index, zone in local.zones : zone => cidrsubnet(var.cidr, 3, index) }
  database_cidrs = { for index, zone in local.zones : zone => cidrsubnet(var.cidr, 3, index + 4) }
}
