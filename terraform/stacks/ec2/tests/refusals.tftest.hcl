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

# Each run has one wrong value for each of several variables, and each must be refused: a run costs a start of the
# provider. A variable whose rule reads another stands with valid values of that one, because Terraform does not come to
# it otherwise.

run "wrong_in_their_shape" {
  command = plan

  variables {
    app                  = "LocationContent"
    region               = "eu-central-1a"
    network              = { mode = "default", cidr = "10.20.0.0/16" }
    egress               = "nat"
    ssh_ingress_cidrs    = ["203.0.113.7/32"]
    host_count           = 0
    session_manager      = "on"
    backend_port         = 80
    health_path          = "health"
    backend_artifact_key = "releases/app.tar.gz"
  }

  expect_failures = [
    var.app, var.region, var.network, var.egress, var.ssh_ingress_cidrs, var.host_count, var.session_manager,
    var.backend_port, var.health_path, var.backend_artifact_key,
  ]
}

# A name of 20 letters would fill a bucket's name. SSH by Session Manager needs a key pair.
run "at_the_other_end_of_a_limit" {
  command = plan

  variables {
    app             = "a-name-of-20-letters"
    host_count      = 1.5
    session_manager = "ssh"
    backend_port    = 65536
    health_path     = "/health?deep=1"
    buckets         = ["artifacts", "backups"]
  }

  expect_failures = [var.app, var.host_count, var.session_manager, var.backend_port, var.health_path, var.buckets]
}

run "an_environment_with_a_hyphen" {
  command = plan

  variables {
    env          = "dev-2"
    backend_port = 8000.5
    health_path  = "/a/../b"
  }

  expect_failures = [var.env, var.backend_port, var.health_path]
}

run "no_account_and_an_artifact_bucket_without_key" {
  command = plan

  variables {
    allowed_account_ids     = []
    env_parameter_name      = "backend-env"
    backend_artifact_bucket = "our-artifacts"
    backend_artifact_key    = null
    buckets                 = []
    health_path             = "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }

  expect_failures = [var.allowed_account_ids, var.env_parameter_name, var.backend_artifact_key, var.health_path]
}

run "an_account_alias_and_an_artifact_in_no_bucket" {
  command = plan

  variables {
    allowed_account_ids = ["my-account"]
    env_parameter_name  = "/aws/reference/env"
    buckets             = ["content"]
  }

  expect_failures = [var.allowed_account_ids, var.env_parameter_name, var.backend_artifact_key]
}

run "the_sandboxs_account_elsewhere_and_two_artifact_buckets" {
  command = plan

  variables {
    allowed_account_ids     = ["123456789012", "000000000000"]
    env_parameter_name      = "/slipway/dev/location-content/database-url"
    backend_artifact_bucket = "our-artifacts"
  }

  expect_failures = [var.allowed_account_ids, var.env_parameter_name, var.backend_artifact_bucket]
}

run "a_parameter_and_an_artifact_outside_their_folder" {
  command = plan

  variables {
    env_parameter_name   = "/slipway/dev/../prod/env"
    backend_artifact_key = "releases/../app.zip"
  }

  expect_failures = [var.env_parameter_name, var.backend_artifact_key]
}

run "an_endpoint_outside_the_sandbox" {
  command = plan

  variables {
    endpoint_url            = "http://127.0.0.1:4577"
    endpoint_credentials    = { access_key = "sandbox", secret_key = "sandbox" }
    env_more_parameter_name = "/slipway/dev/location-content/env more"
    buckets                 = ["artifacts"]
    bucket_names            = { content = "our-content" }
  }

  expect_failures = [var.endpoint_url, var.env_more_parameter_name, var.bucket_names]
}

run "keys_in_a_file_and_one_parameter_twice" {
  command = plan

  variables {
    endpoint_credentials    = { access_key = "AKIA", secret_key = "secret" }
    env_more_parameter_name = "/slipway/dev/location-content/env"
  }

  expect_failures = [var.endpoint_credentials, var.env_more_parameter_name]
}

run "a_real_account_and_session_manager_in_the_sandbox" {
  command = plan

  variables {
    env                  = "sandbox"
    endpoint_url         = "http://127.0.0.1:4577"
    endpoint_credentials = { access_key = "sandbox", secret_key = "sandbox" }
  }

  expect_failures = [var.allowed_account_ids, var.session_manager]
}

run "a_sandbox_without_endpoint" {
  command = plan

  variables {
    session_manager     = "off"
    env                 = "sandbox"
    allowed_account_ids = ["000000000000"]
  }

  expect_failures = [var.endpoint_url]
}

run "an_endpoint_on_another_machine" {
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

run "an_endpoint_that_would_get_real_keys" {
  command = plan

  variables {
    session_manager     = "off"
    env                 = "sandbox"
    endpoint_url        = "http://127.0.0.1:4577"
    allowed_account_ids = ["000000000000"]
  }

  expect_failures = [var.endpoint_credentials]
}
