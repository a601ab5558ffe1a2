module "storage" {
  source = "../../modules/storage"

  buckets                 = local.buckets
  account_id              = local.account_id
  partition               = local.partition
  protect_data            = var.protect_data
  artifact_retention_days = var.artifact_retention_days
  log_retention_days      = var.log_retention_days
}
