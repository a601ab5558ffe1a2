module "identity" {
  source = "../../modules/identity"

  name            = local.name
  region          = var.region
  account_id      = local.account_id
  partition       = local.partition
  parameter_names = compact([local.env_parameter, local.database_parameter])
  buckets         = local.buckets
  artifact_prefix = var.artifact_key == null ? null : "${dirname(var.artifact_key)}/"
}
