# Plans with the real provider, which asks AWS nothing: what it would ask is given below.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  shared_config_files         = ["/dev/null"]
  shared_credentials_files    = ["/dev/null"]
  skip_credentials_validation = true
  skip_metadata_api_check     = "true"
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_availability_zones.available
  values = { names = ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"] }
}

override_data {
  target = data.aws_ec2_instance_type_offerings.zones
  values = { locations = ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"] }
}

# Ids that are told apart, so that a plan shows what is tied to what.
override_resource {
  target          = aws_route_table.public
  override_during = plan
  values          = { id = "rtb-public" }
}

override_resource {
  target          = aws_route_table.database
  override_during = plan
  values          = { id = "rtb-database" }
}

override_resource {
  target          = aws_internet_gateway.this
  override_during = plan
  values          = { id = "igw-this" }
}

variables {
  name     = "slipway-test-app"
  mode     = "new"
  hosts    = { instance_type = "t3.micro" }
  database = true
}

run "new_vpc_has_public_and_isolated_subnets" {
  command = plan

  assert {
    condition     = aws_vpc.this[0].cidr_block == "10.20.0.0/16" && aws_vpc.this[0].enable_dns_hostnames && aws_vpc.this[0].enable_dns_support
    error_message = "A new VPC takes the default range, and resolves names: RDS endpoints need it."
  }

  assert {
    condition = { for zone, subnet in aws_subnet.public : zone => subnet.cidr_block } == {
      us-east-1a = "10.20.0.0/19"
      us-east-1b = "10.20.32.0/19"
    }
    error_message = "Public subnets take the first eighths of the range."
  }

  assert {
    condition = { for zone, subnet in aws_subnet.database : zone => subnet.cidr_block } == {
      us-east-1a = "10.20.128.0/19"
      us-east-1b = "10.20.160.0/19"
    }
    error_message = "Database subnets take the eighths from the fifth on."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.public : subnet.map_public_ip_on_launch])
    error_message = "Hosts get their public address from the subnet."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.database : !subnet.map_public_ip_on_launch])
    error_message = "A database subnet gives no public address."
  }

  assert {
    condition     = aws_route.internet[0].destination_cidr_block == "0.0.0.0/0" && aws_route.internet[0].route_table_id == "rtb-public" && aws_route.internet[0].gateway_id == "igw-this"
    error_message = "The way out is in the public route table."
  }

  assert {
    condition     = [for association in aws_route_table_association.public : association.route_table_id] == ["rtb-public", "rtb-public"]
    error_message = "Every public subnet has the way out."
  }

  assert {
    condition     = [for association in aws_route_table_association.database : association.route_table_id] == ["rtb-database", "rtb-database"]
    error_message = "No database subnet has the way out."
  }

  assert {
    condition     = length(aws_default_security_group.this) == 1
    error_message = "The default security group is emptied."
  }
}

run "more_zones_move_no_range" {
  command = plan

  variables {
    cidr       = "10.40.0.0/16"
    zone_count = 3
  }

  assert {
    condition     = [for zone in ["us-east-1a", "us-east-1b", "us-east-1c"] : aws_subnet.public[zone].cidr_block] == ["10.40.0.0/19", "10.40.32.0/19", "10.40.64.0/19"]
    error_message = "A third zone follows the first two, which keep their ranges."
  }

  assert {
    condition     = aws_subnet.database["us-east-1a"].cidr_block == "10.40.128.0/19"
    error_message = "Database subnets do not depend on the number of zones."
  }
}

run "without_database_a_vpc_is_minimal" {
  command = plan

  variables {
    database   = false
    zone_count = 1
  }

  assert {
    condition     = keys(aws_subnet.public) == ["us-east-1a"] && length(aws_subnet.database) + length(aws_route_table.database) + length(output.database_subnet_ids) == 0
    error_message = "One public subnet and none for a database."
  }
}

run "too_few_zones_are_refused" {
  command = plan

  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["us-east-1a"] }
  }

  expect_failures = [terraform_data.zones]
}

# Each run has a wrong value for each of several variables, and each must be refused.
run "wrong_in_their_shape" {
  command = plan

  variables {
    mode = "shared"
    cidr = "10.20.0.0"
  }

  expect_failures = [var.mode, var.cidr]
}

run "a_range_that_is_too_small_and_no_zone" {
  command = plan

  variables {
    cidr       = "10.20.0.0/25"
    database   = false
    zone_count = 0
  }

  expect_failures = [var.cidr, var.zone_count]
}

run "a_range_with_host_bits_and_one_zone_for_a_database" {
  command = plan

  variables {
    cidr       = "10.20.1.0/16"
    zone_count = 1
  }

  expect_failures = [var.cidr, var.zone_count]
}
