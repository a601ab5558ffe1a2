data "aws_vpc" "default" {
  count = var.mode == "default" ? 1 : 0

  default = true
}

data "aws_subnets" "default" {
  count = var.mode == "default" ? 1 : 0

  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default[0].id]
  }

  filter {
    name   = "default-for-az"
    values = ["true"]
  }

  lifecycle {
    postcondition {
      condition     = length(self.ids) >= (var.database ? 2 : 1)
      error_message = "The default VPC has ${length(self.ids)} default subnets: a host needs one and RDS two. Run `aws ec2 create-default-subnet --availability-zone …`, or set network.mode = \"new\"."
    }
  }
}

data "aws_subnet" "default" {
  for_each = toset(flatten(data.aws_subnets.default[*].ids))

  id = each.value
}

# The default subnets that hosts may stand in, in the order of their zones, as they were when the first host was placed. A
# default subnet that is added later may sort first, and would move the host to where it is.
resource "terraform_data" "default_subnets" {
  count = var.mode == "default" ? 1 : 0

  input = [for zone, id in local.default_subnets : { zone = zone, id = id } if contains(local.offered_zones, zone)]

  lifecycle {
    ignore_changes = [input]

    postcondition {
      condition     = length(self.input) > 0
      error_message = "No default subnet is in a zone that offers ${var.hosts.instance_type} (${join(", ", sort(local.offered_zones))}): run `aws ec2 create-default-subnet --availability-zone …` for one of them, choose another instance_type, or set network.mode = \"new\"."
    }
  }
}
