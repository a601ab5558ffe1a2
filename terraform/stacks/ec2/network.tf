module "network" {
  source = "../../modules/network"

  name       = local.name
  mode       = var.network.mode
  hosts      = { instance_type = var.instance_type, count = var.host_count }
  cidr       = coalesce(var.network.cidr, "10.20.0.0/16")
  zone_count = var.network.zone_count
  database   = var.database != null

  existing = {
    vpc_id      = var.existing_vpc_id
    vpc_tags    = var.network.vpc_tags
    subnet_id   = var.existing_subnet_id
    subnet_tags = var.network.subnet_tags
  }
}

module "security" {
  source = "../../modules/security"

  name               = local.name
  vpc_id             = module.network.vpc_id
  backend_port       = var.backend_port
  backend_http_cidrs = var.backend_http_cidrs
  https              = var.https
  ssh_ingress_cidrs  = var.ssh_ingress_cidrs
  database           = var.database != null
}
