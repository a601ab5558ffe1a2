# Only looked at, so that a name that is nobody's is told when planning.
data "aws_s3_bucket" "artifacts" {
  count = var.backend_artifact_bucket == null ? 0 : 1

  bucket = var.backend_artifact_bucket
}

module "storage" {
  source = "../../modules/storage"

  app                       = var.app
  buckets                   = merge(local.buckets, { deployments = local.deployments_bucket })
  account_id                = local.account_id
  partition                 = local.partition
  protect_data              = var.protect_data
  artifact_retention_days   = var.artifact_retention_days
  log_retention_days        = var.log_retention_days
  deployment_retention_days = var.deployment_retention_days
}
