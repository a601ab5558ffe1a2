# A network that somebody else made. It is read and checked, and nothing in it is changed. The plural data sources find
# nothing without failing, so that what is missing can be said with its fix.

data "aws_vpcs" "existing" {
  count = local.is_existing ? 1 : 0

  tags = var.existing.vpc_tags

  dynamic "filter" {
    for_each = var.existing.vpc_id[*]

    content {
      name   = "vpc-id"
      values = [filter.value]
    }
  }

  lifecycle {
    postcondition {
      condition     = length(self.ids) > 0
      error_message = "There is no VPC ${local.existing_vpc_wanted} in this account and region: `aws ec2 describe-vpcs` lists those that are. Correct existing_vpc_id (or network.vpc_tags), or the region."
    }

    postcondition {
      condition     = length(self.ids) < 2
      error_message = "${length(self.ids)} VPCs have the tags ${jsonencode(var.existing.vpc_tags)}: name one by existing_vpc_id, or add a tag that only one has."
    }
  }
}

data "aws_subnets" "existing" {
  count = local.is_existing ? 1 : 0

  tags = var.existing.subnet_tags

  # Tags are looked for in the VPC only. An id says which subnet is meant, wherever it is, so that it can be told to be
  # elsewhere.
  filter {
    name   = var.existing.subnet_id == null ? "vpc-id" : "subnet-id"
    values = [var.existing.subnet_id == null ? local.existing_vpc_id : var.existing.subnet_id]
  }

  lifecycle {
    postcondition {
      condition     = length(self.ids) > 0
      error_message = "There is no subnet ${local.existing_subnet_wanted} in ${local.existing_vpc_id}: `aws ec2 describe-subnets --filters Name=vpc-id,Values=${local.existing_vpc_id}` lists those that are. Correct existing_subnet_id (or network.subnet_tags)."
    }

    postcondition {
      condition     = length(self.ids) < 2
      error_message = "${length(self.ids)} subnets of ${local.existing_vpc_id} have the tags ${jsonencode(var.existing.subnet_tags)}: name one by existing_subnet_id, or add a tag that only one has."
    }
  }
}

data "aws_subnet" "existing" {
  count = local.is_existing ? 1 : 0

  id = local.existing_subnet_id

  lifecycle {
    postcondition {
      condition     = self.vpc_id == local.existing_vpc_id
      error_message = "Subnet ${self.id} belongs to VPC ${self.vpc_id}, not to ${local.existing_vpc_id}: set existing_vpc_id to ${self.vpc_id}, or existing_subnet_id to a subnet of ${local.existing_vpc_id}."
    }

    postcondition {
      condition     = self.map_public_ip_on_launch
      error_message = "Subnet ${self.id} gives no public addresses, and nobody could reach the host: run `aws ec2 modify-subnet-attribute --subnet-id ${self.id} --map-public-ip-on-launch`, or choose a public subnet."
    }
  }
}

data "aws_route_tables" "own" {
  count = local.is_existing ? 1 : 0

  filter {
    name   = "association.subnet-id"
    values = [data.aws_subnet.existing[0].id]
  }
}

data "aws_route_tables" "main" {
  count = local.is_existing ? 1 : 0

  vpc_id = local.existing_vpc_id

  filter {
    name   = "association.main"
    values = ["true"]
  }
}

data "aws_route_table" "existing" {
  count = local.is_existing ? 1 : 0

  route_table_id = local.existing_table_id

  lifecycle {
    postcondition {
      condition     = anytrue([for route in self.routes : route.cidr_block == "0.0.0.0/0" && startswith(route.gateway_id, "igw-")])
      error_message = "Subnet ${local.existing_subnet_id} has no route to an internet gateway, and nobody could reach the host: run `aws ec2 create-route --route-table-id ${local.existing_table_id} --destination-cidr-block 0.0.0.0/0 --gateway-id igw-…`, or choose a public subnet."
    }
  }
}
