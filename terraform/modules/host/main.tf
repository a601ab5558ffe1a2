locals {
  user_data = join("", [
    file("${path.module}/cloud-config.yaml"),
    var.session_manager ? yamlencode(local.session_files) : "",
  ])
}

resource "aws_instance" "this" {
  #checkov:skip=CKV_AWS_126:detailed monitoring costs money, and nothing here reads it
  #checkov:skip=CKV_AWS_135:instance types of today are EBS-optimized by themselves, and t2 refuses the argument

  ami                    = var.ami != null ? var.ami : data.aws_ami.debian[0].id
  instance_type          = var.instance_type
  subnet_id              = var.subnet_id
  vpc_security_group_ids = var.security_group_ids
  iam_instance_profile   = var.instance_profile
  key_name               = var.ssh_key_name
  user_data              = local.user_data

  # Session tokens only, and one hop: a container on the host does not get the host's role.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = var.volume_size
    encrypted   = true
  }

  tags = merge(var.tags, { Name = var.name })

  # A newer image or another first-boot file is for the next host: neither may replace or restart this one.
  lifecycle {
    ignore_changes = [ami, user_data]
  }
}
