data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  name       = "slipway-${var.env}-${var.app}"
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition

  buckets = {
    for kind in ["logs", "artifacts", "content"] :
    kind => coalesce(var.bucket_names[kind], "${local.name}-${kind}-${local.account_id}")
  }

  env_parameter      = coalesce(var.env_parameter_name, "/slipway/${var.env}/${var.app}/env")
  database_parameter = var.database == null ? null : "/slipway/${var.env}/${var.app}/database-url"
  database           = var.database == null ? null : coalesce(var.database.identifier, local.name)

  # Everything that crosses from here to the hosts: the inventory turns these tags into variables. A setting that is absent
  # has no tag.
  tags = { for key, value in {
    "slipway:app"                = var.app
    "slipway:env"                = var.env
    "slipway:role"               = "web"
    "slipway:port"               = tostring(var.port)
    "slipway:health-path"        = var.health_path
    "slipway:env-parameter"      = local.env_parameter
    "slipway:database-parameter" = local.database_parameter
    "slipway:artifact"           = var.artifact_key == null ? null : "s3://${local.buckets.artifacts}/${var.artifact_key}"
    "slipway:content-bucket"     = local.buckets.content
    "slipway:database"           = local.database
  } : key => value if value != null }
}
