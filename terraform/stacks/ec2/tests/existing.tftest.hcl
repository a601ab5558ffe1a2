# Plans with the real provider, which asks AWS nothing: what it would ask is given below.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  shared_config_files         = ["/dev/null"]
  shared_credentials_files    = ["/dev/null"]
  skip_credentials_validation = true
  skip_metadata_api_check     = "true"
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

override_data {
  target = module.network.data.aws_ec2_instance_type_offerings.zones
  values = { locations = ["eu-central-1a", "eu-central-1b"] }
}

override_data {
  target = module.host[0].data.aws_ec2_instance_type.this
  values = { supported_architectures = ["x86_64"] }
}

override_data {
  target = module.host[0].data.aws_ami.debian
  values = { id = "ami-0123456789abcdef0" }
}

override_resource {
  target          = module.host[0].aws_instance.this
  override_during = plan
  values          = { id = "i-0123456789abcdef0", public_ip = "203.0.113.10" }
}

override_data {
  target = data.aws_s3_bucket.artifacts
  values = { id = "our-artifacts" }
}

override_data {
  target = module.network.data.aws_vpcs.existing
  values = { ids = ["vpc-0123456789abcdef0"] }
}

override_data {
  target = module.network.data.aws_subnets.existing
  values = { ids = ["subnet-0123456789abcdef0"] }
}

override_data {
  target = module.network.data.aws_subnet.existing
  values = { id = "subnet-0123456789abcdef0", vpc_id = "vpc-0123456789abcdef0", map_public_ip_on_launch = true, availability_zone = "eu-central-1a" }
}

override_data {
  target = module.network.data.aws_route_tables.own
  values = { ids = ["rtb-0123456789abcdef0"] }
}

override_data {
  target = module.network.data.aws_route_tables.main
  values = { ids = ["rtb-0fedcba9876543210"] }
}

override_data {
  target = module.network.data.aws_route_table.existing
  values = { routes = [{ cidr_block = "0.0.0.0/0", gateway_id = "igw-0123456789abcdef0" }] }
}

variables {
  app                 = "gap-fill"
  env                 = "dev"
  region              = "eu-central-1"
  allowed_account_ids = ["123456789012"]
}

# The gap-fill document's own inputs, each of which must arrive where it is meant.
run "existing_network_and_bucket" {
  command = plan

  variables {
    network                 = { mode = "existing" }
    existing_vpc_id         = "vpc-0123456789abcdef0"
    existing_subnet_id      = "subnet-0123456789abcdef0"
    backend_http_cidrs      = ["198.51.100.0/24"]
    https                   = true
    backend_port            = 9000
    backend_artifact_bucket = "our-artifacts"
    backend_artifact_key    = "backend.zip"
    env_parameter_name      = "/mlops/backend/env"
    env_more_parameter_name = "/mlops/backend/env-more"
    env_required            = false
    buckets                 = []
    database                = null
  }

  assert {
    condition = local.tags == {
      "slipway:app"                = "gap-fill"
      "slipway:env"                = "dev"
      "slipway:role"               = "web"
      "slipway:port"               = "9000"
      "slipway:health-path"        = "/health"
      "slipway:env-parameter"      = "/mlops/backend/env"
      "slipway:env-more-parameter" = "/mlops/backend/env-more"
      "slipway:env-required"       = "false"
      "slipway:artifact"           = "s3://our-artifacts/backend.zip"
      "slipway:deployments-bucket" = "slipway-dev-gap-fill-deployments-123456789012"
    }
    error_message = "The tags are what the inventory reads: ${jsonencode(local.tags)}"
  }

  assert {
    condition = { for statement in jsondecode(module.identity.policy_json).Statement : statement.Sid => jsonencode(statement.Resource) } == {
      ReadParameters             = jsonencode(["arn:aws:ssm:eu-central-1:123456789012:parameter/mlops/backend/env-more", "arn:aws:ssm:eu-central-1:123456789012:parameter/mlops/backend/env"])
      ReadReleases               = jsonencode("arn:aws:s3:::our-artifacts/backend.zip")
      RegisterWithSessionManager = jsonencode("arn:aws:ec2:eu-central-1:123456789012:instance/*")
      OpenSessions               = jsonencode("*")
    }
    error_message = "Of a bucket that is somebody else's the role reads one object, and it has no other bucket: ${module.identity.policy_json}"
  }

  assert {
    condition     = output.vpc_id == "vpc-0123456789abcdef0" && output.artifact_bucket == "our-artifacts" && output.content_bucket == null && output.logs_bucket == null && output.app_url == "http://203.0.113.10:9000"
    error_message = "The outputs name what is used, and nothing that is not there."
  }

  assert {
    condition     = keys(module.storage.names) == ["deployments"] && !strcontains(module.identity.policy_json, "-deployments-")
    error_message = "No bucket is made but the deployer's own, of which the host's role knows nothing."
  }
}
