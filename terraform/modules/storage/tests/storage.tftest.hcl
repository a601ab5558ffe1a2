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

override_resource {
  target          = aws_s3_bucket.this
  override_during = plan
  values          = {}
}

variables {
  app          = "shop"
  account_id   = "123456789012"
  protect_data = true
  buckets = {
    logs        = "logs-bucket"
    artifacts   = "artifacts-bucket"
    content     = "content-bucket"
    deployments = "deployments-bucket"
  }
}

# Each document is compared whole, so that a change to any statement fails here.
run "bucket_policies_are_exactly_these" {
  command = plan

  assert {
    condition = alltrue([for kind in ["artifacts", "content", "deployments"] : jsondecode(aws_s3_bucket_policy.this[kind].policy) == {
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "TlsOnly"
          Effect    = "Deny"
          Principal = { AWS = "*" }
          Action    = "s3:*"
          Resource  = ["arn:aws:s3:::${kind}-bucket/*", "arn:aws:s3:::${kind}-bucket"]
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        },
      ]
    }])
    error_message = "All but the logs are refused without TLS, and that is all: ${jsonencode({ for kind, policy in aws_s3_bucket_policy.this : kind => policy.policy })}"
  }

  assert {
    condition = jsondecode(aws_s3_bucket_policy.this["logs"].policy) == {
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "TlsOnly"
          Effect    = "Deny"
          Principal = { AWS = "*" }
          Action    = "s3:*"
          Resource  = ["arn:aws:s3:::logs-bucket/*", "arn:aws:s3:::logs-bucket"]
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        },
        {
          Sid       = "AccessLogArtifacts"
          Effect    = "Allow"
          Principal = { Service = "logging.s3.amazonaws.com" }
          Action    = "s3:PutObject"
          Resource  = "arn:aws:s3:::logs-bucket/access/artifacts/*"
          Condition = {
            StringEquals = { "aws:SourceAccount" = "123456789012" }
            ArnLike      = { "aws:SourceArn" = "arn:aws:s3:::artifacts-bucket" }
          }
        },
        {
          Sid       = "AccessLogContent"
          Effect    = "Allow"
          Principal = { Service = "logging.s3.amazonaws.com" }
          Action    = "s3:PutObject"
          Resource  = "arn:aws:s3:::logs-bucket/access/content/*"
          Condition = {
            StringEquals = { "aws:SourceAccount" = "123456789012" }
            ArnLike      = { "aws:SourceArn" = "arn:aws:s3:::content-bucket" }
          }
        },
        {
          Sid       = "AccessLogDeployments"
          Effect    = "Allow"
          Principal = { Service = "logging.s3.amazonaws.com" }
          Action    = "s3:PutObject"
          Resource  = "arn:aws:s3:::logs-bucket/access/deployments/*"
          Condition = {
            StringEquals = { "aws:SourceAccount" = "123456789012" }
            ArnLike      = { "aws:SourceArn" = "arn:aws:s3:::deployments-bucket" }
          }
        },
      ]
    }
    error_message = "Only S3's log delivery of the three other buckets may write beside the account: ${aws_s3_bucket_policy.this["logs"].policy}"
  }
}

run "every_bucket_is_private_and_encrypted" {
  command = plan

  assert {
    condition     = { for kind, bucket in aws_s3_bucket.this : kind => bucket.bucket } == { artifacts = "artifacts-bucket", content = "content-bucket", deployments = "deployments-bucket", logs = "logs-bucket" }
    error_message = "There are four buckets with the given names."
  }

  assert {
    condition = length(aws_s3_bucket_public_access_block.this) == 4 && alltrue([
      for block in aws_s3_bucket_public_access_block.this :
      block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets
    ])
    error_message = "Every way to make a bucket public is blocked, for all four."
  }

  assert {
    condition     = [for controls in aws_s3_bucket_ownership_controls.this : controls.rule[0].object_ownership] == ["BucketOwnerEnforced", "BucketOwnerEnforced", "BucketOwnerEnforced", "BucketOwnerEnforced"]
    error_message = "ACLs are switched off in all four."
  }

  assert {
    condition = [
      for encryption in aws_s3_bucket_server_side_encryption_configuration.this :
      one(one(encryption.rule).apply_server_side_encryption_by_default).sse_algorithm
    ] == ["AES256", "AES256", "AES256", "AES256"]
    error_message = "All four are encrypted."
  }
}

run "what_must_not_be_lost_is_versioned_and_old_things_go" {
  command = plan

  variables {
    artifact_retention_days   = 40
    log_retention_days        = 50
    deployment_retention_days = 60
  }

  assert {
    condition = { for kind, versioning in aws_s3_bucket_versioning.this : kind => versioning.versioning_configuration[0].status } == {
      artifacts   = "Enabled"
      deployments = "Enabled"
    }
    error_message = "A release names a version of its artifact, and the lease and the history can be looked up."
  }

  assert {
    condition = { for kind, configuration in aws_s3_bucket_lifecycle_configuration.this : kind => [for rule in configuration.rule : "${rule.id} ${rule.status}"] } == {
      artifacts   = ["abandoned-uploads Enabled", "replaced-artifacts Enabled"]
      content     = ["abandoned-uploads Enabled"]
      deployments = ["abandoned-uploads Enabled", "old-history Enabled", "replaced-leases-and-deleted-history Enabled"]
      logs        = ["abandoned-uploads Enabled", "old-logs Enabled"]
    }
    error_message = "Nothing of the content expires; old logs, old history and replaced artifacts do."
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this["artifacts"].rule[1].noncurrent_version_expiration[0].noncurrent_days == 40
    error_message = "Replaced artifacts stay for artifact_retention_days."
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this["logs"].rule[1].expiration[0].days == 50
    error_message = "Logs stay for log_retention_days."
  }

  assert {
    condition = [
      for rule in aws_s3_bucket_lifecycle_configuration.this["deployments"].rule : join(" ", [
        rule.id, one(rule.filter).prefix, jsonencode(rule.expiration[*].days), jsonencode(rule.noncurrent_version_expiration[*].noncurrent_days),
      ])
      ] == [
      "abandoned-uploads  [] []",
      "old-history shop/history/ [60] []",
      "replaced-leases-and-deleted-history  [0] [30]",
    ]
    error_message = "The history stays for deployment_retention_days, and nothing but the history expires while it is current: ${jsonencode(aws_s3_bucket_lifecycle_configuration.this["deployments"].rule)}"
  }
}

run "access_is_logged" {
  command = plan

  assert {
    condition = { for kind, logging in aws_s3_bucket_logging.this : kind => logging.target_prefix } == {
      artifacts   = "access/artifacts/"
      content     = "access/content/"
      deployments = "access/deployments/"
    }
    error_message = "All but the logs log their accesses, each under its prefix."
  }
}

run "protected_buckets_keep_their_objects" {
  command = plan

  assert {
    condition     = alltrue([for bucket in aws_s3_bucket.this : !bucket.force_destroy])
    error_message = "protect_data keeps buckets that hold objects."
  }
}

run "unprotected_buckets_go_with_their_objects" {
  command = plan

  variables {
    protect_data = false
  }

  assert {
    condition     = alltrue([for bucket in aws_s3_bucket.this : bucket.force_destroy])
    error_message = "Without protect_data a destroy leaves nothing."
  }
}

run "buckets_are_made_only_where_wanted" {
  command = plan

  variables {
    buckets = { artifacts = "artifacts-bucket" }
  }

  assert {
    condition     = keys(aws_s3_bucket.this) == ["artifacts"] && keys(aws_s3_bucket_policy.this) == ["artifacts"] && keys(aws_s3_bucket_versioning.this) == ["artifacts"]
    error_message = "One bucket is wanted, with its policy and its versions."
  }

  assert {
    condition     = length(aws_s3_bucket_logging.this) == 0
    error_message = "There is no bucket for access logs."
  }
}

run "no_bucket_at_all" {
  command = plan

  variables {
    buckets = {}
  }

  assert {
    condition     = length(aws_s3_bucket.this) + length(aws_s3_bucket_policy.this) + length(aws_s3_bucket_versioning.this) == 0 && length(output.names) == 0
    error_message = "Nothing is made."
  }
}

run "a_prefix_that_s3_keeps_is_refused" {
  command = plan

  variables {
    buckets = { content = "sthree-content" }
  }

  expect_failures = [var.buckets]
}

run "a_suffix_that_s3_keeps_is_refused" {
  command = plan

  variables {
    buckets = { content = "content-s3alias" }
  }

  expect_failures = [var.buckets]
}

run "one_name_for_two_buckets_is_refused" {
  command = plan

  variables {
    buckets = { logs = "one-bucket", artifacts = "one-bucket", content = "content-bucket" }
  }

  expect_failures = [var.buckets]
}

# Several variables have a wrong value, and each must be refused: a run of its own for each would start the provider anew.
run "wrong_values_are_refused" {
  command = plan

  variables {
    buckets                   = { logs = "logs.bucket", artifacts = "artifacts-bucket", content = "content-bucket" } # a bucket name with a dot
    artifact_retention_days   = 0                                                                                    # no retention of artifacts
    log_retention_days        = 0.5                                                                                  # no retention of logs
    deployment_retention_days = 0                                                                                    # no retention of the history
  }

  expect_failures = [
    var.buckets,
    var.artifact_retention_days,
    var.log_retention_days,
    var.deployment_retention_days,
  ]
}
