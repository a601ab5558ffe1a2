module "identity" {
  source = "../../modules/identity"

  name             = local.name
  region           = var.region
  account_id       = local.account_id
  partition        = local.partition
  parameter_names  = compact([local.env_parameter, var.env_more_parameter_name, local.database_parameter])
  buckets          = merge(local.buckets, { artifacts = local.artifact_bucket })
  artifact_objects = local.artifact_objects
}
