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

override_data {
  target = data.aws_vpc.default
  values = { id = "vpc-0default" }
}

override_data {
  target = data.aws_subnets.default
  values = { ids = ["subnet-b", "subnet-a"] }
}

variables {
  name     = "slipway-test-app"
  mode     = "default"
  hosts    = { instance_type = "t3.micro" }
  database = true
}

run "default_vpc_makes_nothing" {
  command = plan

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

  override_data {
    target = data.aws_subnets.default
    values = { ids = ["subnet-a"] }
  }

  expect_failures = [data.aws_subnets.default]
}

run "default_vpc_with_one_subnet_is_enough_for_a_host" {
  command = plan

  variables {
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
