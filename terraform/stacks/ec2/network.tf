module "network" {
  source = "../../modules/network"

  name       = local.name
  mode       = var.network.mode
  cidr       = coalesce(var.network.cidr, "10.20.0.0/16")
  zone_count = var.network.zone_count
}

module "security" {
  source = "../../modules/security"

  name               = local.name
  vpc_id             = module.network.vpc_id
  port               = var.port
  http_ingress_cidrs = var.http_ingress_cidrs
  ssh_ingress_cidrs  = var.ssh_ingress_cidrs
  database           = var.database != null
}
