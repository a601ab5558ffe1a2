locals {
  family = "postgres${split(".", var.engine_version)[0]}"
}

resource "aws_db_subnet_group" "this" {
  name        = var.identifier
  description = "Subnets of ${var.identifier}"
  subnet_ids  = var.subnet_ids
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.identifier}-"
  family      = local.family
  description = "Postgres settings of ${var.identifier}"

  # The default of Postgres 15 and later, held here so that nobody turns it off unseen. RDS ignores a change that sets a
  # parameter to its default, and goes on to report "pending-reboot": with the provider's own "immediate" every plan would
  # have this change once more (hashicorp/terraform-provider-aws#39252).
  parameter {
    name         = "rds.force_ssl"
    value        = "1"
    apply_method = "pending-reboot"
  }

  # A new major release needs a new group, while the old one is still in use.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_157:Multi-AZ is a setting of the environment (database_multi_az), and prod sets it
  #checkov:skip=CKV_AWS_161:the application logs in with a password that Slipway owns, over verified TLS
  #checkov:skip=CKV_AWS_118:enhanced monitoring wants a role of its own and costs money; an operator may add it
  #checkov:skip=CKV_AWS_129:statements in CloudWatch would carry the values of the application's queries
  #checkov:skip=CKV_AWS_353:Performance Insights does not exist for the smallest classes, among them the default db.t3.micro

  identifier     = var.identifier
  engine         = "postgres"
  engine_version = var.engine_version
  instance_class = var.instance_class

  db_name                     = var.name
  username                    = var.master_username
  manage_master_user_password = true
  port                        = 5432

  storage_type          = "gp3"
  allocated_storage     = var.storage
  max_allocated_storage = var.storage_limit
  storage_encrypted     = true

  db_subnet_group_name   = aws_db_subnet_group.this.name
  parameter_group_name   = aws_db_parameter_group.this.name
  vpc_security_group_ids = var.security_group_ids
  publicly_accessible    = false
  multi_az               = var.multi_az
  ca_cert_identifier     = "rds-ca-rsa2048-g1"

  backup_retention_period    = var.backup_days
  copy_tags_to_snapshot      = true
  auto_minor_version_upgrade = true
  deletion_protection        = var.protect_data

  # What a destroy leaves behind does not follow protect_data, which must be off before RDS deletes anything.
  skip_final_snapshot      = !var.final_snapshot
  delete_automated_backups = !var.final_snapshot

  # The name is given when the instance is made and kept until it goes, so each instance has a snapshot of its own: RDS
  # refuses a second snapshot of the same name (DBSnapshotAlreadyExists).
  final_snapshot_identifier = "${var.identifier}-final-${formatdate("YYYYMMDD-hhmmss", timestamp())}"

  lifecycle {
    ignore_changes = [final_snapshot_identifier]
  }
}
