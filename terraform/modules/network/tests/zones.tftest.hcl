# What AWS answers changes between these runs, which apply with made-up answers: hosts stay in the zones that they are in.
mock_provider "aws" {
  override_during = plan

  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["us-east-1b", "us-east-1a", "us-east-1c"] }
  }

  override_data {
    target = data.aws_ec2_instance_type_offerings.zones
    values = { locations = ["us-east-1a", "us-east-1b", "us-east-1c"] }
  }

  override_data {
    target = data.aws_subnets.default
    values = { ids = ["subnet-a", "subnet-d"] }
  }

  override_data {
    target = data.aws_subnet.default["subnet-a"]
    values = { id = "subnet-a", availability_zone = "us-east-1b" }
  }

  override_data {
    target = data.aws_subnet.default["subnet-d"]
    values = { id = "subnet-d", availability_zone = "us-east-1c" }
  }

  override_data {
    target = data.aws_subnet.default["subnet-0"]
    values = { id = "subnet-0", availability_zone = "us-east-1a" }
  }
}

variables {
  name     = "slipway-test-app"
  mode     = "new"
  hosts    = { instance_type = "t3.micro" }
  database = true
}

run "a_new_vpc_spans_the_first_zones" {
  assert {
    condition     = keys(aws_subnet.public) == ["us-east-1a", "us-east-1b"]
    error_message = "The zones are taken in the order of their names."
  }
}

run "an_impaired_zone_moves_no_subnet" {
  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["us-east-1b", "us-east-1c"] }
  }

  assert {
    condition     = keys(aws_subnet.public) == ["us-east-1a", "us-east-1b"] && output.public_subnet_ids == run.a_new_vpc_spans_the_first_zones.public_subnet_ids
    error_message = "A zone that is not available stays: ${jsonencode(keys(aws_subnet.public))}"
  }
}

run "a_region_with_one_zone_left_is_planned_all_the_same" {
  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["us-east-1c"] }
  }

  assert {
    condition     = output.public_subnet_ids == run.a_new_vpc_spans_the_first_zones.public_subnet_ids
    error_message = "What is there needs no zone anew."
  }
}

run "a_zone_that_comes_later_moves_no_subnet" {
  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["us-east-10", "us-east-1a", "us-east-1b", "us-east-1c"] }
  }

  override_data {
    target = data.aws_ec2_instance_type_offerings.zones
    values = { locations = ["us-east-10", "us-east-1a", "us-east-1b", "us-east-1c"] }
  }

  assert {
    condition     = output.public_subnet_ids == run.a_new_vpc_spans_the_first_zones.public_subnet_ids
    error_message = "A new zone is for new networks."
  }
}

run "another_zone_is_added_behind" {
  variables {
    zone_count = 3
  }

  assert {
    condition     = slice(output.public_subnet_ids, 0, 2) == run.a_new_vpc_spans_the_first_zones.public_subnet_ids && keys(aws_subnet.public) == ["us-east-1a", "us-east-1b", "us-east-1c"]
    error_message = "zone_count may be raised later."
  }
}

run "a_size_that_a_zone_lacks_is_refused_for_a_host_that_is_there" {
  command = plan

  variables {
    zone_count = 3
    hosts      = { instance_type = "u-6tb1.metal", count = 2 }
  }

  override_data {
    target = data.aws_ec2_instance_type_offerings.zones
    values = { locations = ["us-east-1a", "us-east-1c"] }
  }

  expect_failures = [output.public_subnet_ids]
}

run "a_zone_without_hosts_need_not_offer_their_size" {
  command = plan

  variables {
    zone_count = 3
    hosts      = { instance_type = "u-6tb1.metal", count = 1 }
  }

  override_data {
    target = data.aws_ec2_instance_type_offerings.zones
    values = { locations = ["us-east-1a", "us-east-1c"] }
  }
}

run "the_default_vpc_is_used_where_the_size_is_offered" {
  variables {
    mode = "default"
  }

  override_data {
    target = data.aws_ec2_instance_type_offerings.zones
    values = { locations = ["us-east-1a", "us-east-1c"] }
  }

  assert {
    condition     = output.public_subnet_ids == tolist(["subnet-d"])
    error_message = "us-east-1b lacks the size: ${jsonencode(output.public_subnet_ids)}"
  }

  assert {
    condition     = output.database_subnet_ids == tolist(["subnet-a", "subnet-d"])
    error_message = "The database takes all zones, in the order of their names."
  }
}

run "a_default_subnet_that_comes_later_moves_no_host" {
  variables {
    mode = "default"
  }

  override_data {
    target = data.aws_subnets.default
    values = { ids = ["subnet-0", "subnet-a", "subnet-d"] }
  }

  assert {
    condition     = output.public_subnet_ids == tolist(["subnet-d"])
    error_message = "The host stays where it is: ${jsonencode(output.public_subnet_ids)}"
  }
}

run "a_default_subnet_that_is_gone_is_named" {
  command = plan

  variables {
    mode     = "default"
    database = false
  }

  override_data {
    target = data.aws_subnets.default
    values = { ids = ["subnet-0", "subnet-a"] }
  }

  expect_failures = [output.public_subnet_ids]
}
