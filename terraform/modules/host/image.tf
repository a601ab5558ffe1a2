# Owner of the official Debian images: https://wiki.debian.org/Cloud/AmazonEC2Image
locals {
  debian_owner = "136693071363"
  architecture = var.ami == null ? data.aws_ec2_instance_type.this[0].supported_architectures[0] : null
  debian_names = { x86_64 = "debian-12-amd64-*", arm64 = "debian-12-arm64-*" }
}

data "aws_ec2_instance_type" "this" {
  count = var.ami == null ? 1 : 0

  instance_type = var.instance_type
}

data "aws_ami" "debian" {
  count = var.ami == null ? 1 : 0

  most_recent = true
  owners      = [local.debian_owner]

  filter {
    name   = "name"
    values = [local.debian_names[local.architecture]]
  }

  filter {
    name   = "architecture"
    values = [local.architecture]
  }
}
