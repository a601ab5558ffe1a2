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
  target = data.aws_route_tables.main
  values = { ids = ["rtb-0b000000000000000"] }
}

override_data {
  target = data.aws_route_table.existing
  values = { routes = [{ cidr_block = "10.0.0.0/16", gateway_id = "local" }, { cidr_block = "0.0.0.0/0", gateway_id = "igw-0123456789abcdef0" }] }
}

variables {
  name     = "slipway-test-app"
  mode     = "existing"
  hosts    = { instance_type = "t3.micro" }
  database = false
  existing = { vpc_id = "vpc-0123456789abcdef0", subnet_id = "subnet-0123456789abcdef0" }
}

run "existing_network_by_ids" {
  command = plan

  assert {
    condition     = output.vpc_id == "vpc-0123456789abcdef0" && output.public_subnet_ids == tolist(["subnet-0123456789abcdef0"]) && length(output.database_subnet_ids) == 0
    error_message = "VPC and subnet are the given ones."
  }

  assert {
    condition     = [for filter in data.aws_vpcs.existing[0].filter : filter.values] == [toset(["vpc-0123456789abcdef0"])] && [for filter in data.aws_subnets.existing[0].filter : filter.name] == ["subnet-id"]
    error_message = "Both are asked for by id; the subnet wherever it is."
  }

  assert {
    condition     = data.aws_route_table.existing[0].route_table_id == "rtb-0a000000000000000"
    error_message = "The subnet's own route table is the one that counts."
  }

  assert {
    condition     = length(aws_vpc.this) + length(aws_subnet.public) + length(aws_internet_gateway.this) + length(aws_default_security_group.this) == 0
    error_message = "Nothing is made or changed in an existing VPC."
  }
}

run "existing_network_by_tags" {
  command = plan

  variables {
    existing = { vpc_tags = { Name = "shared" }, subnet_tags = { Name = "shared-public" } }
  }

  assert {
    condition     = data.aws_vpcs.existing[0].tags == tomap({ Name = "shared" }) && length(data.aws_vpcs.existing[0].filter) == 0
    error_message = "The VPC is asked for by its tags alone."
  }

  assert {
    condition     = data.aws_subnets.existing[0].tags == tomap({ Name = "shared-public" }) && [for filter in data.aws_subnets.existing[0].filter : [filter.name, one(filter.values)]] == [["vpc-id", "vpc-0123456789abcdef0"]]
    error_message = "The subnet is asked for by its tags in that VPC."
  }
}

run "a_subnet_without_a_table_follows_the_main_one" {
  command = plan

  override_data {
    target = data.aws_route_tables.own
    values = { ids = [] }
  }

  assert {
    condition     = data.aws_route_table.existing[0].route_table_id == "rtb-0b000000000000000"
    error_message = "The main route table is looked at."
  }
}

run "a_vpc_that_is_not_there_is_refused" {
  command = plan

  override_data {
    target = data.aws_vpcs.existing
    values = { ids = [] }
  }

  expect_failures = [data.aws_vpcs.existing]
}

run "tags_of_two_vpcs_are_refused" {
  command = plan

  variables {
    existing = { vpc_tags = { Name = "shared" }, subnet_tags = { Name = "shared-public" } }
  }

  override_data {
    target = data.aws_vpcs.existing
    values = { ids = ["vpc-0123456789abcdef0", "vpc-0fedcba9876543210"] }
  }

  expect_failures = [data.aws_vpcs.existing]
}

run "a_subnet_that_is_not_there_is_refused" {
  command = plan

  override_data {
    target = data.aws_subnets.existing
    values = { ids = [] }
  }

  expect_failures = [data.aws_subnets.existing]
}

run "tags_of_two_subnets_are_refused" {
  command = plan

  variables {
    existing = { vpc_tags = { Name = "shared" }, subnet_tags = { Name = "shared-public" } }
  }

  override_data {
    target = data.aws_subnets.existing
    values = { ids = ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"] }
  }

  expect_failures = [data.aws_subnets.existing]
}

run "a_subnet_of_another_vpc_is_refused" {
  command = plan

  override_data {
    target = data.aws_subnet.existing
    values = { id = "subnet-0123456789abcdef0", vpc_id = "vpc-0fedcba9876543210", map_public_ip_on_launch = true }
  }

  expect_failures = [data.aws_subnet.existing]
}

run "a_subnet_without_public_addresses_is_refused" {
  command = plan

  override_data {
    target = data.aws_subnet.existing
    values = { id = "subnet-0123456789abcdef0", vpc_id = "vpc-0123456789abcdef0", map_public_ip_on_launch = false }
  }

  expect_failures = [data.aws_subnet.existing]
}

run "a_subnet_without_a_way_out_is_refused" {
  command = plan

  override_data {
    target = data.aws_route_table.existing
    values = { routes = [{ cidr_block = "10.0.0.0/16", gateway_id = "local" }] }
  }

  expect_failures = [data.aws_route_table.existing]
}

run "a_subnet_behind_nat_is_refused" {
  command = plan

  override_data {
    target = data.aws_route_table.existing
    values = { routes = [{ cidr_block = "0.0.0.0/0", gateway_id = "", nat_gateway_id = "nat-0123456789abcdef0" }] }
  }

  expect_failures = [data.aws_route_table.existing]
}

run "an_existing_vpc_for_a_new_one_is_refused" {
  command = plan

  variables {
    mode = "new"
  }

  expect_failures = [var.existing]
}

run "an_existing_network_without_vpc_is_refused" {
  command = plan

  variables {
    existing = { subnet_id = "subnet-0123456789abcdef0" }
  }

  expect_failures = [var.existing]
}

run "an_existing_network_without_subnet_is_refused" {
  command = plan

  variables {
    existing = { vpc_id = "vpc-0123456789abcdef0" }
  }

  expect_failures = [var.existing]
}

run "tags_that_every_vpc_has_are_refused" {
  command = plan

  variables {
    existing = { vpc_tags = {}, subnet_id = "subnet-0123456789abcdef0" }
  }

  expect_failures = [var.existing]
}

run "a_name_for_a_vpc_id_is_refused" {
  command = plan

  variables {
    existing = { vpc_id = "shared", subnet_id = "subnet-0123456789abcdef0" }
  }

  expect_failures = [var.existing]
}

run "a_name_for_a_subnet_id_is_refused" {
  command = plan

  variables {
    existing = { vpc_id = "vpc-0123456789abcdef0", subnet_id = "shared-public" }
  }

  expect_failures = [var.existing]
}

# Several variables have a wrong value, and each must be refused: a run of its own for each would start the provider anew.
run "wrong_values_are_refused" {
  command = plan

  variables {
    database = true                                                                                                         # a database in an existing vpc
    existing = { vpc_id = "vpc-0123456789abcdef0", vpc_tags = { Name = "shared" }, subnet_id = "subnet-0123456789abcdef0" } # a vpc by id and tags
  }

  expect_failures = [var.database, var.existing]
}
