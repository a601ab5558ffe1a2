module "host" {
  source = "../../modules/host"

  name               = local.name
  instance_type      = var.instance_type
  ami                = var.ami
  subnet_id          = module.network.public_subnet_ids[0]
  security_group_ids = [module.security.app_security_group_id]
  instance_profile   = module.identity.instance_profile
  ssh_key_name       = var.ssh_key_name
  volume_size        = var.volume_size
  tags               = local.tags
}
