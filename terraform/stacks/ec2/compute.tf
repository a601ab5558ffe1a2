locals {
  # The first keeps the name that it has where it is alone.
  hosts = [for index in range(var.host_count) : {
    name      = index == 0 ? local.name : "${local.name}-${index + 1}"
    subnet_id = element(module.network.public_subnet_ids, index)
  }]
}

module "host" {
  source = "../../modules/host"
  count  = length(local.hosts)

  name               = local.hosts[count.index].name
  instance_type      = var.instance_type
  ami                = var.ami
  debian_release     = var.debian_release
  subnet_id          = local.hosts[count.index].subnet_id
  security_group_ids = [module.security.app_security_group_id]
  instance_profile   = module.identity.instance_profile
  ssh_key_name       = var.ssh_key_name
  session_manager    = var.session_manager != "off"
  volume_size        = var.volume_size
  tags               = local.tags
}
