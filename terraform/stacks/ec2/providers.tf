provider "aws" {
  region              = var.region
  allowed_account_ids = var.allowed_account_ids

  # With an endpoint of its own, the environment decides alone where calls go and with which keys: nothing that the shell
  # or a shared file says can send them to AWS. Elsewhere the usual chain of credentials applies.
  access_key               = try(var.endpoint_credentials.access_key, null)
  secret_key               = try(var.endpoint_credentials.secret_key, null)
  profile                  = var.endpoint_url == null ? null : "default"
  shared_config_files      = var.endpoint_url == null ? null : ["${path.root}/../../envs/${var.env}/aws.config"]
  shared_credentials_files = var.endpoint_url == null ? null : ["/dev/null"]
  s3_use_path_style        = var.endpoint_url != null
  skip_metadata_api_check  = var.endpoint_url == null ? null : "true"

  dynamic "endpoints" {
    for_each = var.endpoint_url[*]

    content {
      ec2            = endpoints.value
      iam            = endpoints.value
      kms            = endpoints.value
      rds            = endpoints.value
      s3             = endpoints.value
      secretsmanager = endpoints.value
      ssm            = endpoints.value
      sts            = endpoints.value
    }
  }

  default_tags {
    tags = {
      "slipway:app" = var.app
      "slipway:env" = var.env
    }
  }
}
