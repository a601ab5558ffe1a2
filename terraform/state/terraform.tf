# The state of this root itself stays in a local file: it cannot lie in the bucket that it makes. It holds nothing that
# cannot be found again (see adopt).
terraform {
  required_version = ">= 1.11, < 2.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = {
      "slipway:env" = var.env
    }
  }
}
