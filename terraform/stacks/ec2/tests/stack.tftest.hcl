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

variables {
  app                  = "location-content"
  env                  = "dev"
  region               = "eu-central-1"
  allowed_account_ids  = ["123456789012"]
  backend_artifact_key = "releases/app.zip"
  database             = {}
  backend_http_cidrs   = ["203.0.113.0/24"]
}

run "what_the_stack_says_of_itself" {
  command = plan

  assert {
    condition = local.tags == {
      "slipway:app"                = "location-content"
      "slipway:env"                = "dev"
      "slipway:role"               = "web"
      "slipway:port"               = "8000"
      "slipway:health-path"        = "/health"
      "slipway:env-parameter"      = "/slipway/dev/location-content/env"
      "slipway:database-parameter" = "/slipway/dev/location-content/database-url"
      "slipway:artifact"           = "s3://slipway-dev-location-content-artifacts-123456789012/releases/app.zip"
      "slipway:content-bucket"     = "slipway-dev-location-content-content-123456789012"
      "slipway:deployments-bucket" = "slipway-dev-location-content-deployments-123456789012"
      "slipway:database"           = "slipway-dev-location-content"
    }
    error_message = "The tags are what the inventory reads: ${jsonencode(local.tags)}"
  }

  # The modules' own tests hold the statements; this holds what the stack fills in.
  assert {
    condition = { for statement in jsondecode(module.identity.policy_json).Statement : statement.Sid => jsonencode(statement.Resource) } == {
      ReadParameters = jsonencode([
        "arn:aws:ssm:eu-central-1:123456789012:parameter/slipway/dev/location-content/env",
        "arn:aws:ssm:eu-central-1:123456789012:parameter/slipway/dev/location-content/database-url",
      ])
      ReadReleases               = jsonencode("arn:aws:s3:::slipway-dev-location-content-artifacts-123456789012/releases/*")
      UseContent                 = jsonencode("arn:aws:s3:::slipway-dev-location-content-content-123456789012/*")
      ListContent                = jsonencode("arn:aws:s3:::slipway-dev-location-content-content-123456789012")
      WriteLogs                  = jsonencode("arn:aws:s3:::slipway-dev-location-content-logs-123456789012/app/*")
      RegisterWithSessionManager = jsonencode("arn:aws:ec2:eu-central-1:123456789012:instance/*")
      OpenSessions               = jsonencode("*")
    }
    error_message = "The role reaches something else: ${module.identity.policy_json}"
  }

  assert {
    condition     = output.ssh_command == null
    error_message = "There is no command for what is closed."
  }

  assert {
    condition     = strcontains(module.host[0].user_data, "/usr/local/lib/slipway/session-manager") && output.session_command != null
    error_message = "A host gets the agent, because SSH is closed unless asked for."
  }
}

run "outputs_tell_a_person_where_it_is" {
  command = plan

  variables {
    ssh_ingress_cidrs    = ["203.0.113.7/32"]
    ssh_key_name         = "dev"
    ssh_private_key_file = "~/.ssh/dev.pem"
    backend_port         = 8080
  }

  assert {
    condition     = output.app == "location-content" && output.app_url == "http://203.0.113.10:8080"
    error_message = "app_url is the public address with the application's port."
  }

  assert {
    condition     = output.rds_endpoint == "slipway-dev-location-content.example.eu-central-1.rds.amazonaws.com:5432" && output.database_identifier == "slipway-dev-location-content"
    error_message = "rds_endpoint is the database's host and port."
  }

  assert {
    condition     = output.ssh_command == "ssh -i ~/.ssh/dev.pem -o HostKeyAlias=i-0123456789abcdef0 slipway@203.0.113.10"
    error_message = "ssh_command logs in to the account with the given key."
  }

  assert {
    condition     = output.session_command == "aws ssm start-session --region eu-central-1 --target i-0123456789abcdef0" && output.instance_ids == ["i-0123456789abcdef0"]
    error_message = "session_command opens a session on the host."
  }

  assert {
    condition     = output.artifact_key == "releases/app.zip" && output.env_parameter_name == "/slipway/dev/location-content/env" && output.database_parameter_name == "/slipway/dev/location-content/database-url"
    error_message = "Artifact and parameters are named."
  }
}

run "several_hosts_stand_in_the_subnets_in_turn" {
  command = plan

  override_resource {
    target          = module.host[1].aws_instance.this
    override_during = plan
    values          = { id = "i-0123456789abcdef1", public_ip = "203.0.113.11" }
  }

  override_resource {
    target          = module.host[2].aws_instance.this
    override_during = plan
    values          = { id = "i-0123456789abcdef2", public_ip = "203.0.113.12" }
  }

  variables {
    host_count = 3
    ami        = "ami-0123456789abcdef0"
    network    = { mode = "default" }
  }

  assert {
    condition     = output.app_urls == ["http://203.0.113.10:8000", "http://203.0.113.11:8000", "http://203.0.113.12:8000"] && output.app_url == output.app_urls[0]
    error_message = "Every host has its URL, and app_url is the first's: ${jsonencode(output.app_urls)}"
  }

  assert {
    condition     = local.hosts[*].name == ["slipway-dev-location-content", "slipway-dev-location-content-2", "slipway-dev-location-content-3"]
    error_message = "Every host has a name of its own, and the first the one that it would have alone."
  }

  assert {
    condition     = local.hosts[*].subnet_id == ["subnet-a", "subnet-b", "subnet-a"]
    error_message = "Hosts are spread over the public subnets."
  }

  assert {
    condition     = output.instance_ids == ["i-0123456789abcdef0", "i-0123456789abcdef1", "i-0123456789abcdef2"]
    error_message = "All of them are told."
  }
}

run "names_can_be_chosen" {
  command = plan

  variables {
    env_parameter_name   = "/mlops/backend/env"
    backend_artifact_key = "teams/content/app-1.2.zip"
    bucket_names         = { content = "our-content", deployments = "our-deployments" }
    database             = { identifier = "content-db" }
    health_path          = "/api/v1/health"
  }

  assert {
    condition     = local.tags["slipway:env-parameter"] == "/mlops/backend/env" && strcontains(module.identity.policy_json, "parameter/mlops/backend/env\"")
    error_message = "The parameter is the given one, on the tag and in the policy."
  }

  assert {
    condition     = local.tags["slipway:artifact"] == "s3://slipway-dev-location-content-artifacts-123456789012/teams/content/app-1.2.zip" && strcontains(module.identity.policy_json, "-artifacts-123456789012/teams/content/*\"")
    error_message = "The artifact's folder is what the role reads."
  }

  assert {
    condition     = local.buckets == { artifacts = "slipway-dev-location-content-artifacts-123456789012", content = "our-content", logs = "slipway-dev-location-content-logs-123456789012" } && strcontains(module.identity.policy_json, "arn:aws:s3:::our-content/*")
    error_message = "One bucket has its own name and the others are derived."
  }

  assert {
    condition     = local.tags["slipway:deployments-bucket"] == "our-deployments" && !strcontains(module.identity.policy_json, "our-deployments")
    error_message = "The deployments bucket has its own name as well, on the tag and nowhere in the host's policy."
  }

  assert {
    condition     = output.database_identifier == "content-db" && local.tags["slipway:database"] == "content-db" && local.tags["slipway:health-path"] == "/api/v1/health"
    error_message = "Database and health path are as given."
  }
}

run "no_database_no_artifact" {
  command = plan

  variables {
    database             = null
    backend_artifact_key = null
  }

  assert {
    condition     = sort(keys(local.tags)) == sort(["slipway:app", "slipway:env", "slipway:role", "slipway:port", "slipway:health-path", "slipway:env-parameter", "slipway:content-bucket", "slipway:deployments-bucket"])
    error_message = "What is absent has no tag."
  }

  assert {
    condition     = output.rds_endpoint == null && output.database_identifier == null && output.database_parameter_name == null && output.artifact_key == null && length(module.database) == 0
    error_message = "What is absent has no output."
  }

  assert {
    condition     = !strcontains(module.identity.policy_json, "database-url") && !strcontains(module.identity.policy_json, "-artifacts-")
    error_message = "What is absent needs no permission."
  }
}

run "sandbox" {
  command = plan

  variables {
    session_manager      = "off"
    env                  = "sandbox"
    endpoint_url         = "http://127.0.0.1:4577"
    endpoint_credentials = { access_key = "sandbox", secret_key = "sandbox" }
    allowed_account_ids  = ["000000000000"]
  }

  override_data {
    target = data.aws_caller_identity.current
    values = { account_id = "000000000000" }
  }

  assert {
    condition     = local.buckets.content == "slipway-sandbox-location-content-content-000000000000"
    error_message = "The sandbox has the same names with its own account."
  }
}

run "ssh_by_session_manager_takes_a_key_pair" {
  command = plan

  variables {
    session_manager      = "ssh"
    ssh_key_name         = "dev"
    backend_artifact_key = "backend.zip"
  }

  assert {
    condition     = strcontains(module.identity.policy_json, "-artifacts-123456789012/backend.zip\"")
    error_message = "An artifact at the top of a bucket opens no other: the role reads the object alone: ${module.identity.policy_json}"
  }
}

run "without_session_manager_in_the_default_vpc" {
  command = plan

  variables {
    session_manager = "off"
    network         = { mode = "default" }
  }

  assert {
    condition     = output.session_command == null && !strcontains(module.host[0].user_data, "amazon-ssm-agent.gpg")
    error_message = "Nothing is installed, and no command is printed that could not work."
  }

  assert {
    condition     = output.vpc_id == "vpc-0default"
    error_message = "The stack moves into the default VPC."
  }
}
