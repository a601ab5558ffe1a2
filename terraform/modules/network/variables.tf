variable "name" {
  type        = string
  description = "Prefix of the Name tags."
  nullable    = false
}

variable "mode" {
  type        = string
  description = "Where the network comes from: \"new\" makes a VPC, \"default\" uses the account's default VPC in the region."
  nullable    = false

  validation {
    condition     = contains(["new", "default"], var.mode)
    error_message = "The network mode is \"${var.mode}\": set it to \"new\" (make a VPC) or \"default\" (use the account's default VPC)."
  }
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
  description = "Number of availability zones that a new VPC spans. A database subnet group needs two at least."
  default     = 2
  nullable    = false

  validation {
    condition     = var.zone_count >= 2 && var.zone_count <= 4 && floor(var.zone_count) == var.zone_count
    error_message = "zone_count is ${var.zone_count}: set 2, 3 or 4. RDS wants subnets in two zones at least."
  }
}
