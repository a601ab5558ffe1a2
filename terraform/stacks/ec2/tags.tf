# Everything that crosses from Terraform to the hosts. The inventory turns these tags into variables. The tag schema names
# them and says what each may be; it lies in the collection, because an installed collection needs it too.
locals {
  tag_schema = yamldecode(file(
    "${path.module}/../../../collections/ansible_collections/slipway/fastapi/plugins/plugin_utils/tag_schema.yml"
  ))

  # The rules that validations of variables use, by the tag's name.
  tag_rules = {
    for name, tag in local.tag_schema.tags : name => {
      pattern = try("^(?:${merge(try(local.tag_schema.kinds[tag.kind], {}), tag).pattern})$", "")
      length  = try(tag.length, [1, 256])
      range   = try(tag.range, [])
      expects = merge(try(local.tag_schema.kinds[tag.kind], {}), tag).expects
    }
  }

  # Null where the application has no such thing: the host then has no such tag.
  tag_values = {
    app                = var.app
    env                = var.env
    role               = "web"
    port               = tostring(var.backend_port)
    health-path        = var.health_path
    env-parameter      = local.env_parameter
    env-more-parameter = var.env_more_parameter_name
    env-required       = var.env_required ? null : "false"
    database           = local.database
    database-parameter = local.database_parameter
    artifact           = var.backend_artifact_key == null ? null : "s3://${local.artifact_bucket}/${var.backend_artifact_key}"
    content-bucket     = lookup(local.buckets, "content", null)
    deployments-bucket = local.deployments_bucket
  }

  tags = { for name, value in local.tag_values : "${local.tag_schema.prefix}${name}" => value if value != null }
}
