variable "identifier" {
  type        = string
  description = "Identifier of the RDS instance."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.identifier)) && length(var.identifier) <= 63
    error_message = "The database identifier \"${var.identifier}\" must start with a letter and have at most 63 lower-case letters, digits and single hyphens, none at the end: set database.identifier, or shorten app."
  }
}

variable "subnet_ids" {
  type        = list(string)
  description = "Subnets of the database, in two availability zones at least."
  nullable    = false

  validation {
    condition     = length(distinct(var.subnet_ids)) >= 2
    error_message = "RDS needs subnets in two availability zones: pass two different subnets at least."
  }
}

variable "security_group_ids" {
  type        = list(string)
  description = "Security groups of the database."
  nullable    = false

  validation {
    condition     = length(var.security_group_ids) > 0
    error_message = "Name one security group at least: without one RDS takes the VPC's default group."
  }
}

variable "name" {
  type        = string
  description = "Database that is made at first."
  default     = "app"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.name)) && !contains(local.reserved_databases, var.name)
    error_message = "The database name \"${var.name}\" must start with a letter, have at most 63 lower-case letters, digits and underscores, and be none that Postgres or RDS reserves (such as postgres, db, user or order): set database.name, for example to \"app\"."
  }
}

variable "master_username" {
  type        = string
  description = "Master account. Its password is made, kept and rotated by RDS in Secrets Manager; the application does not use it."
  default     = "slipway_master"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,15}$", var.master_username)) && !contains(local.reserved_accounts, var.master_username) && !can(regex("^(rds|pg_)", var.master_username))
    error_message = "The master account \"${var.master_username}\" must start with a letter, have at most 16 lower-case letters, digits and underscores, and be none that RDS or Postgres reserves (such as admin, postgres, user, rds… or pg_…): set database.master_username, for example to \"slipway_master\"."
  }
}

variable "engine_version" {
  type        = string
  description = "Postgres release: a major one (\"16\"), and RDS chooses and upgrades the minor, or an exact one (\"16.14\")."
  default     = "16"
  nullable    = false

  validation {
    condition     = can(regex("^1[5-7](\\.[0-9]+)?$", var.engine_version))
    error_message = "The Postgres release is \"${var.engine_version}\": set \"15\", \"16\" or \"17\", with a minor release if it must not move."
  }
}

variable "instance_class" {
  type        = string
  description = "Size of the instance."
  default     = "db.t3.micro"
  nullable    = false

  validation {
    condition     = can(regex("^db\\.[a-z0-9]+\\.[a-z0-9]+$", var.instance_class))
    error_message = "The instance class is \"${var.instance_class}\": write it as RDS does, for example db.t3.micro."
  }
}

variable "storage" {
  type        = number
  description = "Storage in GiB."
  default     = 20
  nullable    = false

  validation {
    condition     = var.storage >= 20 && var.storage <= 65536 && floor(var.storage) == var.storage
    error_message = "database.storage is ${var.storage} GiB: gp3 takes 20 to 65536."
  }
}

variable "storage_limit" {
  type        = number
  description = "GiB that RDS may grow the storage to by itself. 0: it may not."
  default     = 0
  nullable    = false

  # RDS refuses a limit that is less than a tenth above the storage.
  validation {
    condition     = var.storage_limit == 0 || var.storage_limit >= ceil(var.storage * 1.1)
    error_message = "database.storage_limit is ${var.storage_limit} GiB: set ${ceil(var.storage * 1.1)} at least (a tenth above storage), or 0 for no growth."
  }
}

variable "backup_days" {
  type        = number
  description = "Days that automatic backups are kept. 0: none are made."
  default     = 7
  nullable    = false

  validation {
    condition     = var.backup_days >= 0 && var.backup_days <= 35 && floor(var.backup_days) == var.backup_days
    error_message = "database.backup_days is ${var.backup_days}: RDS takes 0 to 35."
  }
}

variable "multi_az" {
  type        = bool
  description = "Whether RDS keeps a standby in a second zone."
  default     = false
  nullable    = false
}

variable "protect_data" {
  type        = bool
  description = "Whether deletion is refused."
  nullable    = false

  validation {
    condition     = !var.protect_data || var.backup_days > 0
    error_message = "protect_data wants backups: set database.backup_days to 1 at least."
  }
}

variable "final_snapshot" {
  type        = bool
  description = "Whether a deletion takes a final snapshot first, and keeps the automatic backups for their backup_days."
  default     = true
  nullable    = false
}
