variable "name" {
  type        = string
  description = "Prefix of the security groups' names."
  nullable    = false

  # EC2's rules for GroupName (API reference, CreateSecurityGroup): 255 characters, of which "-database" takes nine.
  validation {
    condition     = can(regex("^[A-Za-z0-9 ._:/()#,@+=&;{}!$*\\[\\]-]{1,246}$", var.name)) && !startswith(lower(var.name), "sg-")
    error_message = "The security groups' prefix \"${var.name}\" must have 1 to 246 of EC2's characters (letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*) and not start with \"sg-\": shorten or rename it."
  }
}

variable "vpc_id" {
  type        = string
  description = "The VPC that the groups belong to."
  nullable    = false
}

variable "backend_port" {
  type        = number
  description = "TCP port that the application answers on. The stack checks it, because the port is on a tag too."
  nullable    = false
}

variable "backend_http_cidrs" {
  type        = set(string)
  description = "Who reaches the application's port. Empty: nobody."
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.backend_http_cidrs : try(cidrsubnet(cidr, 0, 0) == cidr, false)])
    error_message = "backend_http_cidrs has ${join(", ", [for cidr in var.backend_http_cidrs : cidr if try(cidrsubnet(cidr, 0, 0) != cidr, true)])}: write network addresses in CIDR form, for example 203.0.113.7/32 for one address or 203.0.113.0/24 for a network."
  }
}

variable "https" {
  type        = bool
  description = "Whether port 443 is open to backend_http_cidrs as well."
  default     = false
  nullable    = false
}

variable "ssh_ingress_cidrs" {
  type        = set(string)
  description = "Who reaches SSH. Empty: nobody. The whole internet is refused."
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.ssh_ingress_cidrs : try(cidrsubnet(cidr, 0, 0) == cidr, false)])
    error_message = "ssh_ingress_cidrs has ${join(", ", [for cidr in var.ssh_ingress_cidrs : cidr if try(cidrsubnet(cidr, 0, 0) != cidr, true)])}: write network addresses in CIDR form, for example 203.0.113.7/32 for one address or 203.0.113.0/24 for a network."
  }

  # Shorter prefixes than these are the whole internet in a few pieces (0.0.0.0/1 and 128.0.0.0/1).
  validation {
    condition = alltrue([
      for cidr in var.ssh_ingress_cidrs : try(tonumber(split("/", cidr)[1]) >= (strcontains(cidr, ":") ? 32 : 8), true)
    ])
    error_message = "SSH may not be open to the internet (0.0.0.0/0, ::/0, or a prefix shorter than /8, /32 for IPv6): name your own address in ssh_ingress_cidrs, for example 203.0.113.7/32, or leave the list empty and use a Session Manager session."
  }
}

variable "database" {
  type        = bool
  description = "Whether to make a group for a database that the application's group may reach."
  nullable    = false
}
