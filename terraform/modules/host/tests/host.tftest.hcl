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
  target = data.aws_ec2_instance_type.this
  values = { supported_architectures = ["x86_64"] }
}

override_data {
  target = data.aws_ami.debian
  values = { id = "ami-0123456789abcdef0" }
}

variables {
  name               = "slipway-test-app"
  instance_type      = "t3.micro"
  subnet_id          = "subnet-a"
  security_group_ids = ["sg-app"]
  instance_profile   = "slipway-test-app"
  tags               = { "slipway:app" = "app", "slipway:health-path" = "/health" }
}

run "host_is_hardened" {
  command = plan

  assert {
    condition     = aws_instance.this.metadata_options[0].http_tokens == "required" && aws_instance.this.metadata_options[0].http_put_response_hop_limit == 1 && aws_instance.this.metadata_options[0].http_endpoint == "enabled"
    error_message = "Instance metadata by session token only, and not from a container."
  }

  assert {
    condition     = aws_instance.this.root_block_device[0].encrypted && aws_instance.this.root_block_device[0].volume_type == "gp3" && aws_instance.this.root_block_device[0].volume_size == 16
    error_message = "16 GiB of encrypted gp3."
  }

  assert {
    condition     = aws_instance.this.iam_instance_profile == "slipway-test-app" && aws_instance.this.subnet_id == "subnet-a" && aws_instance.this.vpc_security_group_ids == toset(["sg-app"])
    error_message = "Profile, subnet and groups are as given."
  }

  assert {
    condition     = aws_instance.this.tags == tomap({ "Name" = "slipway-test-app", "slipway:app" = "app", "slipway:health-path" = "/health" })
    error_message = "The tags are the given ones and the name."
  }
}

run "newest_debian_of_the_right_architecture" {
  command = plan

  assert {
    condition     = aws_instance.this.ami == "ami-0123456789abcdef0" && data.aws_ami.debian[0].owners == tolist(["136693071363"]) && data.aws_ami.debian[0].most_recent
    error_message = "Without ami the newest image of Debian's own account is taken."
  }

  assert {
    condition     = { for filter in data.aws_ami.debian[0].filter : filter.name => one(filter.values) } == { architecture = "x86_64", name = "debian-13-amd64-*" }
    error_message = "An x86-64 type takes Debian 13 for amd64."
  }
}

run "graviton_takes_an_arm_image" {
  command = plan

  variables {
    instance_type = "t4g.micro"
  }

  override_data {
    target = data.aws_ec2_instance_type.this
    values = { supported_architectures = ["arm64"] }
  }

  assert {
    condition     = { for filter in data.aws_ami.debian[0].filter : filter.name => one(filter.values) } == { architecture = "arm64", name = "debian-13-arm64-*" }
    error_message = "A Graviton type takes Debian 13 for arm64."
  }
}

run "a_type_that_is_also_an_old_one_takes_a_64_bit_image" {
  command = plan

  variables {
    instance_type = "t2.micro"
  }

  override_data {
    target = data.aws_ec2_instance_type.this
    values = { supported_architectures = ["i386", "x86_64"] }
  }

  assert {
    condition     = { for filter in data.aws_ami.debian[0].filter : filter.name => one(filter.values) } == { architecture = "x86_64", name = "debian-13-amd64-*" }
    error_message = "The order in which EC2 names architectures does not matter."
  }
}

run "a_type_without_an_image_of_debian_is_refused" {
  command = plan

  variables {
    instance_type = "mac2.metal"
  }

  override_data {
    target = data.aws_ec2_instance_type.this
    values = { supported_architectures = ["arm64_mac"] }
  }

  expect_failures = [data.aws_ec2_instance_type.this]
}

run "the_release_of_debian_can_be_chosen" {
  command = plan

  variables {
    debian_release = "12"
  }

  assert {
    condition     = { for filter in data.aws_ami.debian[0].filter : filter.name => one(filter.values) } == { architecture = "x86_64", name = "debian-12-amd64-*" }
    error_message = "Debian 12 is taken where it is asked for."
  }
}

run "a_given_image_is_taken" {
  command = plan

  variables {
    ami          = "ami-0fedcba9876543210"
    ssh_key_name = "mine"
    volume_size  = 40
  }

  assert {
    condition     = aws_instance.this.ami == "ami-0fedcba9876543210" && length(data.aws_ami.debian) == 0
    error_message = "The given image is taken and no other looked for."
  }

  assert {
    condition     = aws_instance.this.key_name == "mine" && aws_instance.this.root_block_device[0].volume_size == 40
    error_message = "Key and volume are as given."
  }
}

run "first_boot_makes_the_account_and_python_only" {
  command = plan

  assert {
    condition     = startswith(local.user_data, "#cloud-config\n") && toset(keys(yamldecode(local.user_data))) == toset(["runcmd", "user"])
    error_message = "cloud-init reads the file as its own format, and it has an account and commands, and no file."
  }

  assert {
    condition     = yamldecode(local.user_data).user.name == "slipway" && yamldecode(local.user_data).user.lock_passwd
    error_message = "The account is `slipway` and has no password."
  }
}

run "first_boot_brings_the_agent_of_session_manager_where_it_is_asked_for" {
  command = plan

  variables {
    session_manager = true
  }

  assert {
    condition     = { for file in yamldecode(local.user_data).write_files : file.path => file.permissions } == { "/usr/local/lib/slipway/amazon-ssm-agent.gpg" = "0644", "/usr/local/lib/slipway/session-manager" = "0755" }
    error_message = "The key and the script are written: ${local.user_data}"
  }

  assert {
    condition     = yamldecode(local.user_data).write_files[0].content == local.agent_key && length(local.agent_key) > 1000 && can(regex("^[A-Za-z0-9+/]+={0,2}$", local.agent_key))
    error_message = "The key is Base64 without the lines of its armor: ${local.agent_key}"
  }

  assert {
    condition     = yamldecode(local.user_data).write_files[1].content == file("session-manager.sh") && strcontains(jsonencode(yamldecode(local.user_data).runcmd), "/usr/local/lib/slipway/session-manager")
    error_message = "The script is the module's own, and the first boot runs it."
  }

  # EC2 takes 16 KB (EC2 User Guide, "Run commands when you launch an EC2 instance with user data input").
  assert {
    condition     = length(local.user_data) < 16384
    error_message = "user_data has ${length(local.user_data)} bytes, and EC2 takes 16384."
  }
}

run "a_tag_value_that_is_too_long_is_refused" {
  command = plan

  variables {
    tags = { "slipway:artifact" = join("", [for index in range(257) : "a"]) }
  }

  expect_failures = [var.tags]
}

run "an_empty_tag_value_is_refused" {
  command = plan

  variables {
    tags = { "slipway:artifact" = "" }
  }

  expect_failures = [var.tags]
}

run "a_tag_key_of_aws_is_refused" {
  command = plan

  variables {
    tags = { "aws:name" = "app" }
  }

  expect_failures = [var.tags]
}

run "a_tag_key_outside_the_alphabet_is_refused" {
  command = plan

  variables {
    tags = { "slipway;app" = "app" }
  }

  expect_failures = [var.tags]
}

run "too_many_tags_are_refused" {
  command = plan

  variables {
    tags = { for index in range(41) : "key-${index}" => "value" }
  }

  expect_failures = [var.tags]
}

# Several variables have a wrong value, and each must be refused: a run of its own for each would start the provider anew.
run "wrong_values_are_refused" {
  command = plan

  variables {
    debian_release     = "11"                                               # another release of debian
    instance_type      = "t3"                                               # a type without size
    ami                = "debian-12"                                        # an image name
    security_group_ids = []                                                 # no security group
    volume_size        = 4                                                  # a volume smaller than the image
    tags               = { "slipway:health-path" = "/health?deep={{ 1 }}" } # a tag value outside the alphabet
  }

  expect_failures = [
    var.debian_release,
    var.instance_type,
    var.ami,
    var.security_group_ids,
    var.volume_size,
    var.tags,
  ]
}
