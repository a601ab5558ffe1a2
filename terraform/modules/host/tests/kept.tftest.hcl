# Applies with made-up answers: a host that exists keeps its system, whatever image the next host would have.
mock_provider "aws" {
  override_during = plan

  override_data {
    target = data.aws_ec2_instance_type.this
    values = { supported_architectures = ["x86_64"] }
  }

  override_data {
    target = data.aws_ami.debian
    values = { id = "ami-0000000000000012a" }
  }
}

variables {
  name               = "slipway-test-app"
  instance_type      = "t3.micro"
  subnet_id          = "subnet-a"
  security_group_ids = ["sg-app"]
  instance_profile   = "slipway-test-app"
  tags               = { "slipway:app" = "app" }
  debian_release     = "12"
}

run "made_with_debian_12" {
  assert {
    condition     = aws_instance.this.ami == "ami-0000000000000012a"
    error_message = "The host has the image of its time."
  }
}

run "kept_when_the_default_is_debian_13" {
  variables {
    debian_release = "13"
  }

  override_data {
    target = data.aws_ami.debian
    values = { id = "ami-0000000000000013a" }
  }

  assert {
    condition     = aws_instance.this.ami == "ami-0000000000000012a" && output.id == run.made_with_debian_12.id
    error_message = "The host is neither replaced nor changed: ${aws_instance.this.ami}"
  }
}
