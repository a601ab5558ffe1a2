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
  env        = "dev"
  account_id = "123456789012"
}

run "bucket_is_named_private_versioned_and_encrypted" {
  command = plan

  assert {
    condition     = aws_s3_bucket.this.bucket == "slipway-state-dev-123456789012"
    error_message = "The name says which environment of which account it is."
  }

  assert {
    condition = (
      aws_s3_bucket_public_access_block.this.block_public_acls && aws_s3_bucket_public_access_block.this.block_public_policy &&
      aws_s3_bucket_public_access_block.this.ignore_public_acls && aws_s3_bucket_public_access_block.this.restrict_public_buckets &&
      aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    )
    error_message = "Nothing can make it public."
  }

  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "An older state is the way back from a damaged one."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "State is encrypted."
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this.rule[0].noncurrent_version_expiration[0].noncurrent_days == 365 && aws_s3_bucket_lifecycle_configuration.this.rule[0].noncurrent_version_expiration[0].newer_noncurrent_versions == 20
    error_message = "Old versions go after a year, but for the twenty newest."
  }

  assert {
    condition = jsondecode(aws_s3_bucket_policy.this.policy) == {
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "TlsOnly"
          Effect    = "Deny"
          Principal = { AWS = "*" }
          Action    = "s3:*"
          Resource  = ["arn:aws:s3:::slipway-state-dev-123456789012/*", "arn:aws:s3:::slipway-state-dev-123456789012"]
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        },
      ]
    }
    error_message = "Nobody comes in without TLS: ${aws_s3_bucket_policy.this.policy}"
  }
}

run "the_name_can_be_chosen" {
  command = plan

  variables {
    bucket = "our-states"
  }

  assert {
    condition     = aws_s3_bucket.this.bucket == "our-states" && strcontains(aws_s3_bucket_policy.this.policy, "arn:aws:s3:::our-states/*")
    error_message = "The bucket has the name that the environment's backend.hcl gives it, and so has its policy."
  }
}

run "the_sandbox_is_a_place_like_others" {
  command = plan

  variables {
    env        = "sandbox"
    account_id = "000000000000"
    endpoint   = { url = "http://127.0.0.1:4577", access_key = "sandbox", secret_key = "sandbox", config_file = "/dev/null" }
  }

  assert {
    condition     = aws_s3_bucket.this.bucket == "slipway-state-sandbox-000000000000"
    error_message = "It differs in its account and its endpoint only."
  }
}

run "a_sandbox_without_endpoint_is_refused" {
  command = plan

  variables {
    env        = "sandbox"
    account_id = "000000000000"
  }

  expect_failures = [var.endpoint]
}

run "an_endpoint_on_another_machine_is_refused" {
  command = plan

  variables {
    env        = "sandbox"
    account_id = "000000000000"
    endpoint   = { url = "http://192.0.2.1:4577", access_key = "sandbox", secret_key = "sandbox", config_file = "/dev/null" }
  }

  expect_failures = [var.endpoint]
}

# Several variables have a wrong value, and each must be refused: a run of its own for each would start the provider anew.
run "wrong_values_are_refused" {
  command = plan

  variables {
    env                    = "dev-2"      # an environment with a hyphen
    region                 = "us-east-1a" # a zone for a region
    version_retention_days = 1            # old states are not dropped at once
  }

  expect_failures = [var.env, var.region, var.version_retention_days]
}

run "other_wrong_values_are_refused" {
  command = plan

  variables {
    bucket     = "our.states"                                                                                                 # a name with a dot
    endpoint   = { url = "http://127.0.0.1:4577", access_key = "sandbox", secret_key = "sandbox", config_file = "/dev/null" } # an endpoint elsewhere
    account_id = "my-account"                                                                                                 # an alias for an account
  }

  expect_failures = [var.bucket, var.endpoint, var.account_id]
}

run "further_wrong_values_are_refused" {
  command = plan

  variables {
    bucket     = "states--x-s3" # a name that s3 keeps
    account_id = "000000000000" # the sandbox's account
  }

  expect_failures = [var.bucket, var.account_id]
}
