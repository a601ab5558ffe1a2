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
  target = module.network.data.aws_availability_zones.available
  values = { names = ["eu-central-1a", "eu-central-1b"] }
}

override_data {
  target = module.network.data.aws_vpc.default
  values = { id = "vpc-0default" }
}

override_data {
  target = module.network.data.aws_subnets.default
  values = { ids = ["subnet-a", "subnet-b"] }
}

override_data {
  target = module.network.data.aws_subnet.default["subnet-a"]
  values = { id = "subnet-a", availability_zone = "eu-central-1a" }
}

override_data {
  target = module.network.data.aws_subnet.default["subnet-b"]
  values = { id = "subnet-b", availability_zone = "eu-central-1b" }
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

override_resource {
  target          = module.database[0].aws_db_instance.this
  override_during = plan
  values          = { endpoint = "slipway-dev-location-content.example.eu-central-1.rds.amazonaws.com:5432" }
}

override_data {
  target = data.aws_s3_bucket.artifacts
  values = { id = "our-artifacts" }
}

variables {
  app                  = "location-content"
  env                  = "dev"
  region               = "eu-central-1"
  allowed_account_ids  = ["123456789012"]
  backend_artifact_key = "releases/app.zip"
  database             = {}
  backend_http_cidrs   = ["203.0.113.0/24"]
}

run "an_application_name_with_upper_case_is_refused" {
  command = plan

  variables {
    app = "LocationContent"
  }

  expect_failures = [var.app]
}

run "an_application_name_that_fills_a_bucket_name_is_refused" {
  command = plan

  variables {
    app = "a-name-of-20-letters"
  }

  expect_failures = [var.app]
}

run "an_environment_with_a_hyphen_is_refused" {
  command = plan

  variables {
    env = "dev-2"
  }

  expect_failures = [var.env]
}

run "a_zone_for_a_region_is_refused" {
  command = plan

  variables {
    region = "eu-central-1a"
  }

  expect_failures = [var.region]
}

run "no_account_is_refused" {
  command = plan

  variables {
    allowed_account_ids = []
  }

  expect_failures = [var.allowed_account_ids]
}

run "an_account_alias_is_refused" {
  command = plan

  variables {
    allowed_account_ids = ["my-account"]
  }

  expect_failures = [var.allowed_account_ids]
}

run "the_sandboxs_account_elsewhere_is_refused" {
  command = plan

  variables {
    allowed_account_ids = ["123456789012", "000000000000"]
  }

  expect_failures = [var.allowed_account_ids]
}

run "a_real_account_in_the_sandbox_is_refused" {
  command = plan

  variables {
    session_manager      = "off"
    env                  = "sandbox"
    endpoint_url         = "http://127.0.0.1:4577"
    endpoint_credentials = { access_key = "sandbox", secret_key = "sandbox" }
  }

  expect_failures = [var.allowed_account_ids]
}

run "an_endpoint_outside_the_sandbox_is_refused" {
  command = plan

  variables {
    endpoint_url         = "http://127.0.0.1:4577"
    endpoint_credentials = { access_key = "sandbox", secret_key = "sandbox" }
  }

  expect_failures = [var.endpoint_url]
}

run "a_sandbox_without_endpoint_is_refused" {
  command = plan

  variables {
    session_manager     = "off"
    env                 = "sandbox"
    allowed_account_ids = ["000000000000"]
  }

  expect_failures = [var.endpoint_url]
}

run "an_endpoint_on_another_machine_is_refused" {
  command = plan

  variables {
    session_manager      = "off"
    env                  = "sandbox"
    endpoint_url         = "http://10.0.0.9:4577"
    endpoint_credentials = { access_key = "sandbox", secret_key = "sandbox" }
    allowed_account_ids  = ["000000000000"]
  }

  expect_failures = [var.endpoint_url]
}

run "keys_in_a_file_is_refused" {
  command = plan

  variables {
    endpoint_credentials = { access_key = "AKIA", secret_key = "secret" }
  }

  expect_failures = [var.endpoint_credentials]
}

run "an_endpoint_that_would_get_real_keys_is_refused" {
  command = plan

  variables {
    session_manager     = "off"
    env                 = "sandbox"
    endpoint_url        = "http://127.0.0.1:4577"
    allowed_account_ids = ["000000000000"]
  }

  expect_failures = [var.endpoint_credentials]
}

run "a_range_for_the_default_vpc_is_refused" {
  command = plan

  variables {
    network = { mode = "default", cidr = "10.20.0.0/16" }
  }

  expect_failures = [var.network]
}

run "nat_for_a_public_host_is_refused" {
  command = plan

  variables {
    egress = "nat"
  }

  expect_failures = [var.egress]
}

run "ssh_without_a_key_is_refused" {
  command = plan

  variables {
    ssh_ingress_cidrs = ["203.0.113.7/32"]
  }

  expect_failures = [var.ssh_ingress_cidrs]
}

run "a_health_path_without_slash_is_refused" {
  command = plan

  variables {
    health_path = "health"
  }

  expect_failures = [var.health_path]
}

run "a_health_path_with_a_query_is_refused" {
  command = plan

  variables {
    health_path = "/health?deep=1"
  }

  expect_failures = [var.health_path]
}

run "a_parameter_that_is_no_path_is_refused" {
  command = plan

  variables {
    env_parameter_name = "backend-env"
  }

  expect_failures = [var.env_parameter_name]
}

run "a_parameter_of_aws_is_refused" {
  command = plan

  variables {
    env_parameter_name = "/aws/reference/env"
  }

  expect_failures = [var.env_parameter_name]
}

run "the_databases_parameter_for_the_env_is_refused" {
  command = plan

  variables {
    env_parameter_name = "/slipway/dev/location-content/database-url"
  }

  expect_failures = [var.env_parameter_name]
}

run "a_second_parameter_that_is_no_path_is_refused" {
  command = plan

  variables {
    env_more_parameter_name = "/slipway/dev/location-content/env more"
  }

  expect_failures = [var.env_more_parameter_name]
}

run "one_parameter_twice_is_refused" {
  command = plan

  variables {
    env_more_parameter_name = "/slipway/dev/location-content/env"
  }

  expect_failures = [var.env_more_parameter_name]
}

run "no_host_is_refused" {
  command = plan

  variables {
    host_count = 0
  }

  expect_failures = [var.host_count]
}

run "half_a_host_is_refused" {
  command = plan

  variables {
    host_count = 1.5
  }

  expect_failures = [var.host_count]
}

run "an_artifact_that_is_no_zip_is_refused" {
  command = plan

  variables {
    backend_artifact_key = "releases/app.tar.gz"
  }

  expect_failures = [var.backend_artifact_key]
}

run "an_artifact_in_no_bucket_is_refused" {
  command = plan

  variables {
    buckets = ["content"]
  }

  expect_failures = [var.backend_artifact_key]
}

run "an_artifact_bucket_without_key_is_refused" {
  command = plan

  variables {
    backend_artifact_bucket = "our-artifacts"
    backend_artifact_key    = null
    buckets                 = []
  }

  expect_failures = [var.backend_artifact_key]
}

run "two_buckets_for_one_artifact_are_refused" {
  command = plan

  variables {
    backend_artifact_bucket = "our-artifacts"
  }

  expect_failures = [var.backend_artifact_bucket]
}

run "an_unknown_kind_of_bucket_is_refused" {
  command = plan

  variables {
    buckets = ["artifacts", "backups"]
  }

  expect_failures = [var.buckets]
}

run "a_name_for_a_bucket_that_is_not_made_is_refused" {
  command = plan

  variables {
    buckets      = ["artifacts"]
    bucket_names = { content = "our-content" }
  }

  expect_failures = [var.bucket_names]
}

run "ssh_by_session_manager_without_a_key_pair_is_refused" {
  command = plan

  variables {
    session_manager = "ssh"
  }

  expect_failures = [var.session_manager]
}

run "an_unknown_use_of_session_manager_is_refused" {
  command = plan

  variables {
    session_manager = "on"
  }

  expect_failures = [var.session_manager]
}

run "session_manager_in_the_sandbox_is_refused" {
  command = plan

  variables {
    env                  = "sandbox"
    endpoint_url         = "http://127.0.0.1:4577"
    endpoint_credentials = { access_key = "sandbox", secret_key = "sandbox" }
    allowed_account_ids  = ["000000000000"]
  }

  override_data {
    target = data.aws_caller_identity.current
    values = { account_id = "000000000000" }
  }

  expect_failures = [var.session_manager]
}
