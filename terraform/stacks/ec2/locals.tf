data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  name       = "slipway-${var.env}-${var.app}"
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition

  buckets = {
    for kind in var.buckets :
    kind => coalesce(var.bucket_names[kind], "${local.name}-${kind}-${local.account_id}")
  }

  # Lease and history of deployments are the deployer's: every stack has the bucket, and the host's role has no part in it.
  deployments_bucket = coalesce(var.bucket_names.deployments, "${local.name}-deployments-${local.account_id}")

  # A bucket that is there already is somebody else's: of it, the host reads the named object and no neighbour.
  artifact_bucket = var.backend_artifact_bucket == null ? lookup(local.buckets, "artifacts", null) : one(data.aws_s3_bucket.artifacts[*].id)
  artifact_folder = var.backend_artifact_key == null ? "." : dirname(var.backend_artifact_key)
  artifact_objects = (
    var.backend_artifact_bucket != null || local.artifact_folder == "." ? var.backend_artifact_key : "${local.artifact_folder}/*"
  )

  env_parameter      = coalesce(var.env_parameter_name, "/slipway/${var.env}/${var.app}/env")
  database_parameter = var.database == null ? null : "/slipway/${var.env}/${var.app}/database-url"
  database           = var.database == null ? null : coalesce(var.database.identifier, local.name)

  # Everything that crosses from here to the hosts: the inventory turns these tags into variables. A setting that is absent
  # has no tag.
  tags = { for key, value in {
    "slipway:app"                = var.app
    "slipway:env"                = var.env
    "slipway:role"               = "web"
    "slipway:port"               = tostring(var.backend_port)
    "slipway:health-path"        = var.health_path
    "slipway:env-parameter"      = local.env_parameter
    "slipway:env-more-parameter" = var.env_more_parameter_name
    "slipway:env-required"       = var.env_required ? null : "false"
    "slipway:database-parameter" = local.database_parameter
    "slipway:artifact"           = var.backend_artifact_key == null ? null : "s3://${local.artifact_bucket}/${var.backend_artifact_key}"
    "slipway:content-bucket"     = lookup(local.buckets, "content", null)
    "slipway:deployments-bucket" = local.deployments_bucket
    "slipway:database"           = local.database
  } : key => value if value != null }
}
