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
  target = data.aws_subnet.default["subnet-a"]
  values = { id = "subnet-a", availability_zone = "us-east-1a" }
}

override_data {
  target = data.aws_subnet.default["subnet-b"]
  values = { id = "subnet-b", availability_zone = "us-east-1b" }
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

override_data {
  target = data.aws_vpc.default
  values = { id = "vpc-0default" }
}

override_data {
  target = data.aws_subnets.default
  values = { ids = ["subnet-b", "subnet-a"] }
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

run "default_vpc_makes_nothing" {
  command = plan

  variables {
    mode = "default"
  }

  assert {
    condition     = output.vpc_id == "vpc-0default"
    error_message = "The default VPC is taken as it is."
  }

  assert {
    condition     = output.public_subnet_ids == tolist(["subnet-a", "subnet-b"]) && output.database_subnet_ids == tolist(["subnet-a", "subnet-b"])
    error_message = "The default subnets serve both, in a stable order."
  }

  assert {
    condition     = length(aws_vpc.this) + length(aws_subnet.public) + length(aws_subnet.database) + length(aws_default_security_group.this) == 0
    error_message = "Nothing is made or changed in the default VPC."
  }
}

run "default_vpc_with_one_subnet_is_refused" {
  command = plan

  variables {
    mode = "default"
  }

  override_data {
    target = data.aws_subnets.default
    values = { ids = ["subnet-a"] }
  }

  expect_failures = [data.aws_subnets.default]
}

run "too_few_zones_are_refused" {
  command = plan

  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["us-east-1a"] }
  }

  expect_failures = [terraform_data.zones]
}

run "unknown_mode_is_refused" {
  command = plan

  variables {
    mode = "shared"
  }

  expect_failures = [var.mode]
}

run "range_without_prefix_is_refused" {
  command = plan

  variables {
    cidr = "10.20.0.0"
  }

  expect_failures = [var.cidr]
}

run "range_that_is_too_small_is_refused" {
  command = plan

  variables {
    cidr = "10.20.0.0/25"
  }

  expect_failures = [var.cidr]
}

run "range_with_host_bits_is_refused" {
  command = plan

  variables {
    cidr = "10.20.1.0/16"
  }

  expect_failures = [var.cidr]
}

run "one_zone_is_refused_for_a_database" {
  command = plan

  variables {
    zone_count = 1
  }

  expect_failures = [var.zone_count]
}

run "no_zone_is_refused" {
  command = plan

  variables {
    database   = false
    zone_count = 0
  }

  expect_failures = [var.zone_count]
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

run "default_vpc_with_one_subnet_is_enough_for_a_host" {
  command = plan

  variables {
    mode     = "default"
    database = false
  }

  override_data {
    target = data.aws_subnets.default
    values = { ids = ["subnet-a"] }
  }

  assert {
    condition     = output.public_subnet_ids == tolist(["subnet-a"]) && length(output.database_subnet_ids) == 0
    error_message = "A host needs one subnet."
  }
}

run "existing_network_by_ids" {
  command = plan

  variables {
    mode     = "existing"
    database = false
    existing = { vpc_id = "vpc-0123456789abcdef0", subnet_id = "subnet-0123456789abcdef0" }
  }

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
    mode     = "existing"
    database = false
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

  variables {
    mode     = "existing"
    database = false
    existing = { vpc_id = "vpc-0123456789abcdef0", subnet_id = "subnet-0123456789abcdef0" }
  }

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

  variables {
    mode     = "existing"
    database = false
    existing = { vpc_id = "vpc-0123456789abcdef0", subnet_id = "subnet-0123456789abcdef0" }
  }

  override_data {
    target = data.aws_vpcs.existing
    values = { ids = [] }
  }

  expect_failures = [data.aws_vpcs.existing]
}

run "tags_of_two_vpcs_are_refused" {
  command = plan

  variables {
    mode     = "existing"
    database = false
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

  variables {
    mode     = "existing"
    database = false
    existing = { vpc_id = "vpc-0123456789abcdef0", subnet_id = "subnet-0123456789abcdef0" }
  }

  override_data {
    target = data.aws_subnets.existing
    values = { ids = [] }
  }

  expect_failures = [data.aws_subnets.existing]
}

run "tags_of_two_subnets_are_refused" {
  command = plan

  variables {
    mode     = "existing"
    database = false
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

  variables {
    mode     = "existing"
    database = false
    existing = { vpc_id = "vpc-0123456789abcdef0", subnet_id = "subnet-0123456789abcdef0" }
  }

  override_data {
    target = data.aws_subnet.existing
    values = { id = "subnet-0123456789abcdef0", vpc_id = "vpc-0fedcba9876543210", map_public_ip_on_launch = true }
  }

  expect_failures = [data.aws_subnet.existing]
}

run "a_subnet_without_public_addresses_is_refused" {
  command = plan

  variables {
    mode     = "existing"
    database = false
    existing = { vpc_id = "vpc-0123456789abcdef0", subnet_id = "subnet-0123456789abcdef0" }
  }

  override_data {
    target = data.aws_subnet.existing
    values = { id = "subnet-0123456789abcdef0", vpc_id = "vpc-0123456789abcdef0", map_public_ip_on_launch = false }
  }

  expect_failures = [data.aws_subnet.existing]
}

run "a_subnet_without_a_way_out_is_refused" {
  command = plan

  variables {
    mode     = "existing"
    database = false
    existing = { vpc_id = "vpc-0123456789abcdef0", subnet_id = "subnet-0123456789abcdef0" }
  }

  override_data {
    target = data.aws_route_table.existing
    values = { routes = [{ cidr_block = "10.0.0.0/16", gateway_id = "local" }] }
  }

  expect_failures = [data.aws_route_table.existing]
}

run "a_subnet_behind_nat_is_refused" {
  command = plan

  variables {
    mode     = "existing"
    database = false
    existing = { vpc_id = "vpc-0123456789abcdef0", subnet_id = "subnet-0123456789abcdef0" }
  }

  override_data {
    target = data.aws_route_table.existing
    values = { routes = [{ cidr_block = "0.0.0.0/0", gateway_id = "", nat_gateway_id = "nat-0123456789abcdef0" }] }
  }

  expect_failures = [data.aws_route_table.existing]
}

run "a_database_in_an_existing_vpc_is_refused" {
  command = plan

  variables {
    mode     = "existing"
    database = true
    existing = { vpc_id = "vpc-0123456789abcdef0", subnet_id = "subnet-0123456789abcdef0" }
  }

  expect_failures = [var.database]
}

run "an_existing_vpc_for_a_new_one_is_refused" {
  command = plan

  variables {
    mode     = "new"
    database = false
    existing = { vpc_id = "vpc-0123456789abcdef0", subnet_id = "subnet-0123456789abcdef0" }
  }

  expect_failures = [var.existing]
}

run "a_vpc_by_id_and_tags_is_refused" {
  command = plan

  variables {
    mode     = "existing"
    database = false
    existing = { vpc_id = "vpc-0123456789abcdef0", vpc_tags = { Name = "shared" }, subnet_id = "subnet-0123456789abcdef0" }
  }

  expect_failures = [var.existing]
}

run "an_existing_network_without_vpc_is_refused" {
  command = plan

  variables {
    mode     = "existing"
    database = false
    existing = { subnet_id = "subnet-0123456789abcdef0" }
  }

  expect_failures = [var.existing]
}

run "an_existing_network_without_subnet_is_refused" {
  command = plan

  variables {
    mode     = "existing"
    database = false
    existing = { vpc_id = "vpc-0123456789abcdef0" }
  }

  expect_failures = [var.existing]
}

run "tags_that_every_vpc_has_are_refused" {
  command = plan

  variables {
    mode     = "existing"
    database = false
    existing = { vpc_tags = {}, subnet_id = "subnet-0123456789abcdef0" }
  }

  expect_failures = [var.existing]
}

run "a_name_for_a_vpc_id_is_refused" {
  command = plan

  variables {
    mode     = "existing"
    database = false
    existing = { vpc_id = "shared", subnet_id = "subnet-0123456789abcdef0" }
  }

  expect_failures = [var.existing]
}

run "a_name_for_a_subnet_id_is_refused" {
  command = plan

  variables {
    mode     = "existing"
    database = false
    existing = { vpc_id = "vpc-0123456789abcdef0", subnet_id = "shared-public" }
  }

  expect_failures = [var.existing]
}
