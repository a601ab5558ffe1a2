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
}
