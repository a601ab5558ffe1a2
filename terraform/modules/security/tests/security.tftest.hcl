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

override_resource {
  target          = aws_security_group.app
  override_during = plan
  values          = { id = "sg-app" }
}

override_resource {
  target          = aws_security_group.database
  override_during = plan
  values          = { id = "sg-database" }
}

variables {
  name               = "slipway-test-app"
  vpc_id             = "vpc-0"
  backend_port       = 8000
  backend_http_cidrs = ["0.0.0.0/0", "2001:db8::/32"]
  ssh_ingress_cidrs  = ["203.0.113.7/32"]
  database           = true
}

# Compared as JSON, because two nulls of different types are not equal.
run "rules_are_exactly_these" {
  command = plan

  assert {
    condition = jsonencode([
      for rule in aws_vpc_security_group_ingress_rule.http :
      [rule.security_group_id, rule.ip_protocol, rule.from_port, rule.to_port, rule.cidr_ipv4, rule.cidr_ipv6]
      ]) == jsonencode([
      ["sg-app", "tcp", 8000, 8000, "0.0.0.0/0", null],
      ["sg-app", "tcp", 8000, 8000, null, "2001:db8::/32"],
    ])
    error_message = "The application's port, and no other, is open to backend_http_cidrs, in either address family."
  }

  assert {
    condition = jsonencode([
      for rule in aws_vpc_security_group_ingress_rule.ssh :
      [rule.security_group_id, rule.ip_protocol, rule.from_port, rule.to_port, rule.cidr_ipv4, rule.cidr_ipv6]
      ]) == jsonencode([
      ["sg-app", "tcp", 22, 22, "203.0.113.7/32", null],
    ])
    error_message = "SSH is open to ssh_ingress_cidrs."
  }

  assert {
    condition = jsonencode([
      for rule in aws_vpc_security_group_egress_rule.web :
      [rule.security_group_id, rule.ip_protocol, rule.from_port, rule.to_port, rule.cidr_ipv4]
      ]) == jsonencode([
      ["sg-app", "tcp", 80, 80, "0.0.0.0/0"],
      ["sg-app", "tcp", 443, 443, "0.0.0.0/0"],
    ])
    error_message = "Out go HTTP and HTTPS, and nothing else to the internet."
  }

  assert {
    condition = jsonencode([
      for rule in aws_vpc_security_group_egress_rule.database :
      [rule.security_group_id, rule.ip_protocol, rule.from_port, rule.to_port, rule.referenced_security_group_id, rule.cidr_ipv4]
      ]) == jsonencode([
      ["sg-app", "tcp", 5432, 5432, "sg-database", null],
    ])
    error_message = "The application reaches Postgres in the database's group."
  }

  assert {
    condition = jsonencode([
      for rule in aws_vpc_security_group_ingress_rule.database :
      [rule.security_group_id, rule.ip_protocol, rule.from_port, rule.to_port, rule.referenced_security_group_id, rule.cidr_ipv4]
      ]) == jsonencode([
      ["sg-database", "tcp", 5432, 5432, "sg-app", null],
    ])
    error_message = "The database takes connections from the application's group only."
  }

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.https) == 0
    error_message = "443 is closed unless asked for."
  }

  assert {
    condition     = output.app_security_group_id == "sg-app" && output.database_security_group_id == "sg-database"
    error_message = "The outputs name the groups."
  }
}

# The character set of EC2's API reference (CreateSecurityGroup, GroupDescription; IpRange, Description).
run "ec2_takes_every_description" {
  command = plan

  variables {
    https = true
  }

  assert {
    condition = alltrue([for description in concat(
      [aws_security_group.app.description, aws_security_group.database[0].description],
      [for rule in values(aws_vpc_security_group_ingress_rule.http) : rule.description],
      [for rule in values(aws_vpc_security_group_ingress_rule.https) : rule.description],
      [for rule in values(aws_vpc_security_group_ingress_rule.ssh) : rule.description],
      [for rule in values(aws_vpc_security_group_egress_rule.web) : rule.description],
      aws_vpc_security_group_egress_rule.database[*].description,
      aws_vpc_security_group_ingress_rule.database[*].description,
    ) : can(regex("^[A-Za-z0-9 ._:/()#,@+=&;{}!$*\\[\\]-]{1,255}$", description))])
    error_message = "EC2 refuses a description with any other character, such as an apostrophe."
  }
}

run "closed_unless_asked" {
  command = plan

  variables {
    backend_http_cidrs = []
    https              = true
    ssh_ingress_cidrs  = []
    database           = false
  }

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.http) + length(aws_vpc_security_group_ingress_rule.https) + length(aws_vpc_security_group_ingress_rule.ssh) + length(aws_vpc_security_group_ingress_rule.database) == 0
    error_message = "Nothing comes in."
  }

  assert {
    condition     = length(aws_security_group.database) + length(aws_vpc_security_group_egress_rule.database) == 0 && output.database_security_group_id == null
    error_message = "Without a database there is no group for one."
  }
}

run "https_is_open_to_the_same_clients" {
  command = plan

  variables {
    https = true
  }

  assert {
    condition = jsonencode([
      for rule in aws_vpc_security_group_ingress_rule.https :
      [rule.security_group_id, rule.ip_protocol, rule.from_port, rule.to_port, rule.cidr_ipv4, rule.cidr_ipv6]
      ]) == jsonencode([
      ["sg-app", "tcp", 443, 443, "0.0.0.0/0", null],
      ["sg-app", "tcp", 443, 443, null, "2001:db8::/32"],
    ])
    error_message = "443 is open to backend_http_cidrs, in either address family."
  }
}

run "a_private_range_is_taken_for_ssh" {
  command = plan

  variables {
    ssh_ingress_cidrs = ["10.0.0.0/8", "2001:db8::/32"]
  }

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.ssh) == 2 && aws_vpc_security_group_ingress_rule.ssh["2001:db8::/32"].cidr_ipv6 == "2001:db8::/32"
    error_message = "Large private networks and one provider's IPv6 range are allowed."
  }
}

run "an_address_is_no_cidr_for_ssh" {
  command = plan

  variables {
    ssh_ingress_cidrs = ["203.0.113.7"]
  }

  expect_failures = [var.ssh_ingress_cidrs]
}

run "host_bits_are_refused_for_ssh" {
  command = plan

  variables {
    ssh_ingress_cidrs = ["203.0.113.7/24"]
  }

  expect_failures = [var.ssh_ingress_cidrs]
}

# Several variables have a wrong value, and each must be refused: a run of its own for each would start the provider anew.
run "wrong_values_are_refused" {
  command = plan

  variables {
    name               = "the team's"  # a name with an apostrophe
    ssh_ingress_cidrs  = ["0.0.0.0/0"] # the internet is refused for ssh
    backend_http_cidrs = ["everybody"] # a name is no cidr for http
  }

  expect_failures = [var.name, var.ssh_ingress_cidrs, var.backend_http_cidrs]
}

run "other_wrong_values_are_refused" {
  command = plan

  variables {
    name               = "sg-app"                   # a name that ec2 keeps for ids
    ssh_ingress_cidrs  = ["203.0.113.7/32", "::/0"] # the ipv6 internet is refused for ssh
    backend_http_cidrs = ["203.0.113.7/24"]         # host bits are refused for http
  }

  expect_failures = [var.name, var.ssh_ingress_cidrs, var.backend_http_cidrs]
}

run "further_wrong_values_are_refused" {
  command = plan

  variables {
    name              = format("%0247d", 0) # a name that leaves no room for a suffix
    ssh_ingress_cidrs = ["128.0.0.0/1"]     # half the internet is refused for ssh
  }

  expect_failures = [var.name, var.ssh_ingress_cidrs]
}
