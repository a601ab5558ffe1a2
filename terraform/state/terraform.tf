terraform {
  required_version = ">= 1.11, < 2.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }

  # The bucket keeps its own state too, as <env>/state-bucket.tfstate. Until there is a bucket, `make bootstrap` works in a
  # copy of this folder whose state is a local file, and brings that file into the bucket afterwards.
  backend "s3" {}
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  # As in stacks/ec2: with an endpoint of its own, the sandbox, nothing of the shell or of a shared file is looked at.
  access_key               = try(var.endpoint.access_key, null)
  secret_key               = try(var.endpoint.secret_key, null)
  profile                  = var.endpoint == null ? null : "default"
  shared_config_files      = var.endpoint[*].config_file
  shared_credentials_files = var.endpoint == null ? null : ["/dev/null"]
  s3_use_path_style        = var.endpoint != null
  skip_metadata_api_check  = var.endpoint == null ? null : "true"

  dynamic "endpoints" {
    for_each = var.endpoint[*].url

    content {
      s3  = endpoints.value
      sts = endpoints.value
    }
  }

  default_tags {
    tags = {
      "slipway:env" = var.env
    }
  }
}
