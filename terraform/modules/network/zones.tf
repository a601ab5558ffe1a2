# No zone has every instance type: hosts may stand only where theirs is offered.
data "aws_ec2_instance_type_offerings" "zones" {
  location_type = "availability-zone"

  filter {
    name   = "instance-type"
    values = [var.hosts.instance_type]
  }
}

data "aws_availability_zones" "available" {
  #checkov:skip=CKV_AWS_394:a zone that AWS adds changes nothing, because terraform_data.zones keeps those that were chosen

  count = local.is_new ? 1 : 0

  state = "available"

  # Local and Wavelength zones have neither RDS nor every instance type; use1-az3 lacks current instance types.
  exclude_zone_ids = ["use1-az3"]

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

# The zones that a new VPC may span, as they were when it was made. A zone that AWS takes for impaired is missing from the
# list above, and one that is added may sort first: either would move every subnet, and with it every host.
resource "terraform_data" "zones" {
  count = local.is_new ? 1 : 0

  input = sort([for zone in data.aws_availability_zones.available[0].names : zone if contains(local.offered_zones, zone)])

  lifecycle {
    ignore_changes = [input]

    postcondition {
      condition     = length(self.input) >= var.zone_count
      error_message = "The region has ${length(self.input)} usable availability zones that offer ${var.hosts.instance_type}, fewer than network.zone_count = ${var.zone_count}: lower it, or choose another instance_type or region."
    }
  }
}
