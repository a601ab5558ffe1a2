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

run "protection_without_backups_is_refused" {
  command = plan

  variables {
    backup_days = 0
  }

  expect_failures = [var.protect_data]
}

# Several variables have a wrong value, and each must be refused: a run of its own for each would start the provider anew.
run "wrong_values_are_refused" {
  command = plan

  variables {
    identifier         = "slipway--app"           # an identifier with two hyphens
    subnet_ids         = ["subnet-a", "subnet-a"] # one subnet
    security_group_ids = []                       # no security group
    name               = "postgres"               # a reserved database name
    master_username    = "admin"                  # a reserved master account
    engine_version     = "12"                     # an old release
    instance_class     = "t3.micro"               # an ec2 size
    storage            = 10                       # too little storage
    backup_days        = 36                       # backups for longer than RDS keeps them
  }

  expect_failures = [
    var.identifier,
    var.subnet_ids,
    var.security_group_ids,
    var.name,
    var.master_username,
    var.engine_version,
    var.instance_class,
    var.storage,
    var.backup_days,
  ]
}

run "other_wrong_values_are_refused" {
  command = plan

  variables {
    identifier      = "Slipway" # an identifier with upper case
    name            = "my-app"  # a database name with a hyphen
    master_username = "user"    # a key word as master account
    storage_limit   = 21        # a limit that is hardly above the storage
  }

  expect_failures = [var.identifier, var.name, var.master_username, var.storage_limit]
}

run "further_wrong_values_are_refused" {
  command = plan

  variables {
    identifier      = "a123456789-123456789-123456789-123456789-123456789-123456789-123" # an identifier that is too long for RDS
    name            = "order"                                                            # a key word as database name
    master_username = "pg_owner"                                                         # a prefix of the engine for the master account
  }

  expect_failures = [var.identifier, var.name, var.master_username]
}
