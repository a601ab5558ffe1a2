variable "name" {
  type        = string
  description = "Prefix of the Name tags."
  nullable    = false
}

variable "mode" {
  type        = string
  description = "Where the network comes from: \"new\" makes a VPC, \"existing\" uses a VPC and a subnet that are there, \"default\" the account's default VPC in the region."
  nullable    = false

  validation {
    condition     = contains(["new", "existing", "default"], var.mode)
    error_message = "The network mode is \"${var.mode}\": set it to \"new\" (make a VPC), \"existing\" (use the one of existing_vpc_id) or \"default\" (use the account's default VPC)."
  }
}

variable "hosts" {
  type = object({
    instance_type = string
    count         = optional(number, 1)
  })
  description = "The hosts that stand in the public subnets in turn: their size, and how many there are. Their zones must offer the size."
  nullable    = false
}

variable "cidr" {
  type        = string
  description = "Address range of a new VPC, from /16 to /24. Not used where the VPC exists already."
  default     = "10.20.0.0/16"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9.]+/(1[6-9]|2[0-4])$", var.cidr)) && can(cidrhost(var.cidr, 0))
    error_message = "The VPC range \"${var.cidr}\" must be an IPv4 CIDR from /16 to /24, for example 10.20.0.0/16."
  }

  validation {
    condition     = try(cidrsubnet(var.cidr, 0, 0) == var.cidr, true)
    error_message = "The VPC range \"${var.cidr}\" has host bits set: write ${try(cidrsubnet(var.cidr, 0, 0), "the network address")}."
  }
}

variable "zone_count" {
  type        = number
  description = "Number of availability zones that a new VPC spans, each with a public subnet. A database subnet group needs two at least."
  default     = 2
  nullable    = false

  validation {
    condition     = var.zone_count >= 1 && var.zone_count <= 4 && floor(var.zone_count) == var.zone_count
    error_message = "network.zone_count is ${var.zone_count}: set 1, 2, 3 or 4."
  }

  validation {
    condition     = !var.database || var.zone_count >= 2
    error_message = "network.zone_count is ${var.zone_count}, and RDS wants subnets in two zones at least: set 2, 3 or 4, or leave the database out."
  }
}

variable "database" {
  type        = bool
  description = "Whether subnets for a database are wanted. In a new VPC they are made, without a way out."
  nullable    = false

  validation {
    condition     = !var.database || var.mode != "existing"
    error_message = "A database is placed in a new or in the default VPC only: set network.mode to \"new\" or \"default\", or leave the database out."
  }
}

variable "existing" {
  type = object({
    vpc_id      = optional(string)
    vpc_tags    = optional(map(string))
    subnet_id   = optional(string)
    subnet_tags = optional(map(string))
  })
  description = "What mode \"existing\" uses: a VPC and a public subnet of it, each by its id or by tags that only it has."
  default     = {}
  nullable    = false

  validation {
    condition     = var.mode == "existing" || alltrue([for value in values(var.existing) : value == null])
    error_message = "An existing VPC or subnet is named while network.mode is \"${var.mode}\": set network = { mode = \"existing\" }, or remove existing_vpc_id, existing_subnet_id, network.vpc_tags and network.subnet_tags."
  }

  validation {
    condition     = var.mode != "existing" || (var.existing.vpc_id == null) != (var.existing.vpc_tags == null)
    error_message = "network.mode is \"existing\": set either existing_vpc_id or network.vpc_tags, for example existing_vpc_id = \"vpc-0123456789abcdef0\"."
  }

  validation {
    condition     = var.mode != "existing" || (var.existing.subnet_id == null) != (var.existing.subnet_tags == null)
    error_message = "network.mode is \"existing\": set either existing_subnet_id or network.subnet_tags, for example existing_subnet_id = \"subnet-0123456789abcdef0\"."
  }

  validation {
    condition     = alltrue([for tags in [var.existing.vpc_tags, var.existing.subnet_tags] : tags == null ? true : length(tags) > 0])
    error_message = "network.vpc_tags and network.subnet_tags need a tag at least, for example { Name = \"shared\" }: without one every VPC would do."
  }

  validation {
    condition = alltrue([
      can(regex("^vpc-([0-9a-f]{8}|[0-9a-f]{17})$", coalesce(var.existing.vpc_id, "vpc-00000000"))),
      can(regex("^subnet-([0-9a-f]{8}|[0-9a-f]{17})$", coalesce(var.existing.subnet_id, "subnet-00000000"))),
    ])
    error_message = "existing_vpc_id and existing_subnet_id are ids such as vpc-0123456789abcdef0 and subnet-0123456789abcdef0; by name they are found with network.vpc_tags and network.subnet_tags."
  }
}
