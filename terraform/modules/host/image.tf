# Owner of the official Debian images: https://wiki.debian.org/Cloud/AmazonEC2Image
locals {
  debian_owner = "136693071363"

  # What Debian makes images for. A type may name another one first: t2.micro has i386 and x86_64.
  debian_names  = { arm64 = "arm64", x86_64 = "amd64" }
  architectures = var.ami == null ? [for name in keys(local.debian_names) : name if contains(data.aws_ec2_instance_type.this[0].supported_architectures, name)] : []
}

data "aws_ec2_instance_type" "this" {
  count = var.ami == null ? 1 : 0

  instance_type = var.instance_type

  lifecycle {
    postcondition {
      condition     = length(setintersection(self.supported_architectures, ["arm64", "x86_64"])) > 0
      error_message = "${var.instance_type} has the architecture ${join(", ", self.supported_architectures)}, for which Debian has no image: choose another instance_type, or name an image by ami."
    }
  }
}

data "aws_ami" "debian" {
  count = var.ami == null ? 1 : 0

  most_recent = true
  owners      = [local.debian_owner]

  filter {
    name   = "name"
    values = [for architecture in slice(local.architectures, 0, min(1, length(local.architectures))) : "debian-${var.debian_release}-${local.debian_names[architecture]}-*"]
  }

  filter {
    name   = "architecture"
    values = slice(local.architectures, 0, min(1, length(local.architectures)))
  }
}
