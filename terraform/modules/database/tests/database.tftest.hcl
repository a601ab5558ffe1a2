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
  identifier         = "slipway-test-app"
  subnet_ids         = ["subnet-a", "subnet-b"]
  security_group_ids = ["sg-database"]
  protect_data       = true
}

run "postgres_as_the_document_wants_it" {
  command = plan

  assert {
    condition     = aws_db_instance.this.engine == "postgres" && aws_db_instance.this.engine_version == "16" && aws_db_instance.this.instance_class == "db.t3.micro"
    error_message = "Postgres 16 on db.t3.micro."
  }

  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null && aws_db_instance.this.username == "slipway_master"
    error_message = "RDS makes and keeps the master password; there is none in the state."
  }

  assert {
    condition     = aws_db_instance.this.storage_encrypted && !aws_db_instance.this.publicly_accessible && aws_db_instance.this.storage_type == "gp3" && aws_db_instance.this.allocated_storage == 20
    error_message = "Encrypted, private, 20 GiB of gp3."
  }

  assert {
    condition     = aws_db_instance.this.vpc_security_group_ids == toset(["sg-database"]) && aws_db_subnet_group.this.subnet_ids == toset(["subnet-a", "subnet-b"]) && aws_db_instance.this.db_subnet_group_name == aws_db_subnet_group.this.name
    error_message = "In the given subnets and groups."
  }

  assert {
    condition     = aws_db_instance.this.db_name == "app" && aws_db_instance.this.port == 5432 && !aws_db_instance.this.multi_az
    error_message = "A database named app on Postgres' own port, in one zone."
  }

  assert {
    condition     = aws_db_parameter_group.this.family == "postgres16" && [for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value} ${parameter.apply_method}"] == ["rds.force_ssl=1 pending-reboot"]
    error_message = "Connections without TLS are refused, by the method of applying that RDS reports for a default."
  }

  assert {
    condition     = aws_db_instance.this.ca_cert_identifier == "rds-ca-rsa2048-g1" && aws_db_instance.this.auto_minor_version_upgrade && aws_db_instance.this.copy_tags_to_snapshot
    error_message = "A CA that the current bundle has; minor releases are taken; snapshots can be told apart."
  }
}

run "protected_data_is_not_deleted" {
  command = plan

  assert {
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && !aws_db_instance.this.delete_automated_backups && aws_db_instance.this.backup_retention_period == 7
    error_message = "Deletion is refused, and a final snapshot and backups are kept."
  }
}

# RDS deletes nothing while protect_data holds, so the snapshot of a deletion is one without it.
run "a_snapshot_is_taken_when_the_protection_is_off" {
  command = plan

  variables {
    protect_data = false
  }

  assert {
    condition     = !aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && !aws_db_instance.this.delete_automated_backups
    error_message = "A destroy takes a final snapshot and keeps the automatic backups."
  }
}

run "unprotected_data_is" {
  command = plan

  variables {
    protect_data   = false
    final_snapshot = false
    backup_days    = 0
  }

  assert {
    condition     = !aws_db_instance.this.deletion_protection && aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.delete_automated_backups && aws_db_instance.this.backup_retention_period == 0 && output.final_snapshot == null
    error_message = "A destroy leaves nothing."
  }
}

run "settings_are_taken" {
  command = plan

  variables {
    name            = "jobs"
    master_username = "owner"
    engine_version  = "17.4"
    instance_class  = "db.t4g.small"
    storage         = 100
    storage_limit   = 200
    backup_days     = 14
    multi_az        = true
  }

  assert {
    condition     = aws_db_instance.this.db_name == "jobs" && aws_db_instance.this.username == "owner" && aws_db_instance.this.engine_version == "17.4" && aws_db_parameter_group.this.family == "postgres17"
    error_message = "Names and release are as given, and the parameter group follows the release."
  }

  assert {
    condition     = aws_db_instance.this.instance_class == "db.t4g.small" && aws_db_instance.this.allocated_storage == 100 && aws_db_instance.this.max_allocated_storage == 200 && aws_db_instance.this.backup_retention_period == 14 && aws_db_instance.this.multi_az
    error_message = "Size, storage, backups and standby are as given."
  }
}

run "an_identifier_with_two_hyphens_is_refused" {
  command = plan

  variables {
    identifier = "slipway--app"
  }

  expect_failures = [var.identifier]
}

run "an_identifier_with_upper_case_is_refused" {
  command = plan

  variables {
    identifier = "Slipway"
  }

  expect_failures = [var.identifier]
}

run "an_identifier_that_is_too_long_for_rds_is_refused" {
  command = plan

  variables {
    identifier = "a123456789-123456789-123456789-123456789-123456789-123456789-123"
  }

  expect_failures = [var.identifier]
}

run "one_subnet_is_refused" {
  command = plan

  variables {
    subnet_ids = ["subnet-a", "subnet-a"]
  }

  expect_failures = [var.subnet_ids]
}

run "no_security_group_is_refused" {
  command = plan

  variables {
    security_group_ids = []
  }

  expect_failures = [var.security_group_ids]
}

run "a_reserved_database_name_is_refused" {
  command = plan

  variables {
    name = "postgres"
  }

  expect_failures = [var.name]
}

run "a_database_name_with_a_hyphen_is_refused" {
  command = plan

  variables {
    name = "my-app"
  }

  expect_failures = [var.name]
}

run "a_reserved_master_account_is_refused" {
  command = plan

  variables {
    master_username = "admin"
  }

  expect_failures = [var.master_username]
}

run "a_key_word_is_refused_as_database_name" {
  command = plan

  variables {
    name = "order"
  }

  expect_failures = [var.name]
}

run "a_key_word_is_refused_as_master_account" {
  command = plan

  variables {
    master_username = "user"
  }

  expect_failures = [var.master_username]
}

run "a_prefix_of_the_engine_is_refused_for_the_master_account" {
  command = plan

  variables {
    master_username = "pg_owner"
  }

  expect_failures = [var.master_username]
}

run "an_old_release_is_refused" {
  command = plan

  variables {
    engine_version = "12"
  }

  expect_failures = [var.engine_version]
}

run "an_ec2_size_is_refused" {
  command = plan

  variables {
    instance_class = "t3.micro"
  }

  expect_failures = [var.instance_class]
}

run "too_little_storage_is_refused" {
  command = plan

  variables {
    storage = 10
  }

  expect_failures = [var.storage]
}

run "a_limit_that_is_hardly_above_the_storage_is_refused" {
  command = plan

  variables {
    storage_limit = 21
  }

  expect_failures = [var.storage_limit]
}

run "backups_for_longer_than_rds_keeps_them_are_refused" {
  command = plan

  variables {
    backup_days = 36
  }

  expect_failures = [var.backup_days]
}

run "protection_without_backups_is_refused" {
  command = plan

  variables {
    backup_days = 0
  }

  expect_failures = [var.protect_data]
}
