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

variables {
  name       = "slipway-test-app"
  region     = "eu-central-1"
  account_id = "123456789012"

  permissions_boundary_arn = "arn:aws:iam::123456789012:policy/slipway-boundary"

  parameter_names  = ["/slipway/test/app/env", "/slipway/test/app/database-url"]
  artifact_objects = "releases/*"
  buckets = {
    logs      = "logs-bucket"
    artifacts = "artifacts-bucket"
    content   = "content-bucket"
  }
}

# The whole document is compared, so that a change to any statement's effect, action or resource fails here.
run "permissions_are_exactly_these" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.host.policy) == {
      Version = "2012-10-17"
      Statement = [
        {
          Sid    = "ReadParameters"
          Effect = "Allow"
          Action = "ssm:GetParameter"
          Resource = [
            "arn:aws:ssm:eu-central-1:123456789012:parameter/slipway/test/app/env",
            "arn:aws:ssm:eu-central-1:123456789012:parameter/slipway/test/app/database-url",
          ]
        },
        {
          Sid      = "ReadReleases"
          Effect   = "Allow"
          Action   = ["s3:GetObjectVersion", "s3:GetObject"]
          Resource = "arn:aws:s3:::artifacts-bucket/releases/*"
        },
        {
          Sid      = "UseContent"
          Effect   = "Allow"
          Action   = ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"]
          Resource = "arn:aws:s3:::content-bucket/*"
        },
        {
          Sid      = "ListContent"
          Effect   = "Allow"
          Action   = "s3:ListBucket"
          Resource = "arn:aws:s3:::content-bucket"
        },
        {
          Sid      = "WriteLogs"
          Effect   = "Allow"
          Action   = "s3:PutObject"
          Resource = "arn:aws:s3:::logs-bucket/app/*"
        },
        {
          Sid      = "RegisterWithSessionManager"
          Effect   = "Allow"
          Action   = "ssm:UpdateInstanceInformation"
          Resource = "arn:aws:ec2:eu-central-1:123456789012:instance/*"
        },
        {
          Sid    = "OpenSessions"
          Effect = "Allow"
          Action = [
            "ssmmessages:OpenDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:CreateControlChannel",
          ]
          Resource = "*"
        },
      ]
    }
    error_message = "The role's permissions changed: ${aws_iam_role_policy.host.policy}"
  }

  assert {
    condition = jsondecode(aws_iam_role.host.assume_role_policy) == {
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "Instances"
          Effect    = "Allow"
          Action    = "sts:AssumeRole"
          Principal = { Service = "ec2.amazonaws.com" }
        },
      ]
    }
    error_message = "Who may take the role changed: ${aws_iam_role.host.assume_role_policy}"
  }

  assert {
    condition     = aws_iam_role.host.permissions_boundary == "arn:aws:iam::123456789012:policy/slipway-boundary"
    error_message = "The role has the permissions boundary."
  }

  assert {
    condition     = output.instance_profile == "slipway-test-app" && aws_iam_instance_profile.host.role == "slipway-test-app" && output.role_name == "slipway-test-app"
    error_message = "Profile and role bear the given name."
  }
}

run "only_sessions_have_every_resource" {
  command = plan

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.host.policy).Statement : statement.Sid if contains(flatten([statement.Resource]), "*")] == ["OpenSessions"]
    error_message = "A statement that AWS could limit is not limited."
  }
}

run "without_artifact_no_artifact_is_read" {
  command = plan

  variables {
    artifact_objects = null
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.host.policy, "artifacts-bucket")
    error_message = "A host without an application has no permission on the artifacts."
  }
}

run "other_partitions_have_their_own_names" {
  command = plan

  variables {
    partition = "aws-cn"
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.host.policy, "arn:aws:")
    error_message = "Every ARN is in the given partition."
  }
}

run "one_object_can_be_all_that_is_read" {
  command = plan

  variables {
    artifact_objects = "backend.zip"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.host.policy).Statement : statement.Resource if statement.Sid == "ReadReleases"] == ["arn:aws:s3:::artifacts-bucket/backend.zip"]
    error_message = "The host reads this object and no other: ${aws_iam_role_policy.host.policy}"
  }
}

run "a_bucket_that_is_not_there_has_no_permission" {
  command = plan

  variables {
    buckets          = {}
    artifact_objects = null
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.host.policy).Statement : statement.Sid] == ["ReadParameters", "RegisterWithSessionManager", "OpenSessions"]
    error_message = "Without buckets nothing of S3 is allowed: ${aws_iam_role_policy.host.policy}"
  }
}

run "objects_without_a_bucket_are_refused" {
  command = plan

  variables {
    buckets = { content = "content-bucket" }
  }

  expect_failures = [var.artifact_objects]
}

# Several variables have a wrong value, and each must be refused: a run of its own for each would start the provider anew.
run "wrong_values_are_refused" {
  command = plan

  variables {
    parameter_names          = ["/slipway/*"]                                                       # a parameter with a wildcard
    artifact_objects         = "*"                                                                  # all of a bucket
    name                     = "slipway-a-name-that-has-more-than-the-sixty-four-characters-of-iam" # a name too long for iam
    permissions_boundary_arn = "slipway-boundary"                                                   # a boundary that is no policy
  }

  expect_failures = [var.parameter_names, var.artifact_objects, var.name, var.permissions_boundary_arn]
}

run "other_wrong_values_are_refused" {
  command = plan

  variables {
    parameter_names  = ["slipway"]      # a parameter without a slash
    artifact_objects = "releases/app-*" # a wildcard within a name
  }

  expect_failures = [var.parameter_names, var.artifact_objects]
}

run "further_wrong_values_are_refused" {
  command = plan

  variables {
    parameter_names  = []          # no parameter
    artifact_objects = "releases/" # a folder without its objects
  }

  expect_failures = [var.parameter_names, var.artifact_objects]
}
