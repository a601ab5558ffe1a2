module "identity" {
  source = "../../modules/identity"

  name             = local.name
  region           = var.region
  account_id       = local.account_id
  partition        = local.partition
  parameter_names  = compact([local.env_parameter, var.env_more_parameter_name, local.database_parameter])
  buckets          = merge(local.buckets, { artifacts = local.artifact_bucket })
  artifact_objects = local.artifact_objects

  # A deployer may make no role without the boundary (policies/deployer.json), and cannot change the boundary itself.
  permissions_boundary_arn = coalesce(
    var.permissions_boundary_arn, "arn:${local.partition}:iam::${local.account_id}:policy/slipway-boundary"
  )
}
