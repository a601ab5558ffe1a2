terraform {
  required_version = ">= 1.11, < 2.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }

  # Completed by envs/<env>/backend.hcl and a key of <env>/<app>/terraform.tfstate.
  backend "s3" {}
}
