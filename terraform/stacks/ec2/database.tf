module "database" {
  source = "../../modules/database"
  count  = var.database == null ? 0 : 1

  identifier         = local.database
  subnet_ids         = module.network.database_subnet_ids
  security_group_ids = [module.security.database_security_group_id]
  name               = var.database.name
  master_username    = var.database.master_username
  engine_version     = var.database.engine_version
  instance_class     = var.database.instance_class
  storage            = var.database.storage
  storage_limit      = var.database.storage_limit
  backup_days        = var.database_backup_days
  multi_az           = var.database_multi_az
  protect_data       = var.protect_data
  final_snapshot     = var.database_final_snapshot
}
