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
