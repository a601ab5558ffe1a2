# What a service with a database sets, and its environments.

variable "database" {
  type = object({
    identifier      = optional(string)
    name            = optional(string, "app")
    master_username = optional(string, "slipway_master")
    engine_version  = optional(string, "16")
    instance_class  = optional(string, "db.t3.micro")
    storage         = optional(number, 20)
    storage_limit   = optional(number, 0)
  })
  description = "RDS Postgres: {} for one with these defaults, null for none. identifier defaults to slipway-<env>-<app>; storage and storage_limit are GiB."
  default     = null
}

# A var-file replaces an object as a whole. What environments set differently is therefore no part of `database`.

variable "database_backup_days" {
  type        = number
  description = "Days that the database's automatic backups are kept; 0 makes none, which protect_data does not allow."
  default     = 7
  nullable    = false
}

variable "database_multi_az" {
  type        = bool
  description = "Whether the database has a standby in a second zone."
  default     = false
  nullable    = false
}

variable "database_final_snapshot" {
  type        = bool
  description = "Whether destroying the database takes a final snapshot first, and keeps its automatic backups for database_backup_days."
  default     = true
  nullable    = false
}
