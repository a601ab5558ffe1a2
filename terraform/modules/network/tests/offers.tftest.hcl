# A size that no zone of a network has is refused before anything is made.
mock_provider "aws" {
  override_during = plan

  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["us-east-1a", "us-east-1b", "us-east-1c"] }
  }

  override_data {
    target = data.aws_ec2_instance_type_offerings.zones
    values = { locations = ["us-east-1b"] }
  }

  override_data {
    target = data.aws_subnets.default
    values = { ids = ["subnet-a"] }
  }

  override_data {
    target = data.aws_subnet.default["subnet-a"]
    values = { id = "subnet-a", availability_zone = "us-east-1a" }
  }

  override_data {
    target = data.aws_vpcs.existing
    values = { ids = ["vpc-0123456789abcdef0"] }
  }

  override_data {
    target = data.aws_subnets.existing
    values = { ids = ["subnet-0123456789abcdef0"] }
  }

  override_data {
    target = data.aws_subnet.existing
    values = { id = "subnet-0123456789abcdef0", vpc_id = "vpc-0123456789abcdef0", map_public_ip_on_launch = true, availability_zone = "us-east-1a" }
  }

  override_data {
    target = data.aws_route_tables.own
    values = { ids = ["rtb-0a000000000000000"] }
  }

  override_data {
    target = data.aws_route_table.existing
    values = { routes = [{ cidr_block = "0.0.0.0/0", gateway_id = "igw-0123456789abcdef0" }] }
  }
}

variables {
  name     = "slipway-test-app"
  hosts    = { instance_type = "p5.48xlarge" }
  database = false
}

run "a_new_vpc_takes_a_zone_that_offers_it" {
  command = plan

  variables {
    mode       = "new"
    zone_count = 1
  }

  assert {
    condition     = keys(aws_subnet.public) == ["us-east-1b"]
    error_message = "The first zone lacks the size: ${jsonencode(keys(aws_subnet.public))}"
  }
}

run "too_few_zones_that_offer_it_are_refused" {
  command = plan

  variables {
    mode = "new"
  }

  expect_failures = [terraform_data.zones]
}

run "a_default_vpc_without_it_is_refused" {
  command = plan

  variables {
    mode = "default"
  }

  expect_failures = [terraform_data.default_subnets]
}

run "an_existing_subnet_without_it_is_refused" {
  command = plan

  variables {
    mode     = "existing"
    existing = { vpc_id = "vpc-0123456789abcdef0", subnet_id = "subnet-0123456789abcdef0" }
  }

  expect_failures = [output.public_subnet_ids]
}
