variable "name" {
  type        = string
  description = "Name tag of the host."
  nullable    = false
}

variable "instance_type" {
  type        = string
  description = "Size of the host. Its architecture decides which Debian image is taken."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", var.instance_type))
    error_message = "The instance type is \"${var.instance_type}\": write it as EC2 does, for example t3.micro."
  }
}

variable "ami" {
  type        = string
  description = "Image of the host. Null: the newest official Debian of debian_release when the host is made."
  default     = null

  validation {
    condition     = var.ami == null || can(regex("^ami-[0-9a-f]{8,17}$", var.ami))
    error_message = "The image is \"${coalesce(var.ami, "null")}\": name an AMI id such as ami-0123456789abcdef0, or leave ami out for the newest Debian."
  }
}

variable "debian_release" {
  type        = string
  description = "Debian release of the host where ami is null. It is for the next host: one that exists keeps its system."
  default     = "13"
  nullable    = false

  validation {
    condition     = contains(["12", "13"], var.debian_release)
    error_message = "debian_release is \"${var.debian_release}\": set it to \"13\" or \"12\", or name another image by ami."
  }
}

variable "subnet_id" {
  type        = string
  description = "Subnet of the host. The subnet decides whether the host gets a public address."
  nullable    = false
}

variable "security_group_ids" {
  type        = list(string)
  description = "Security groups of the host."
  nullable    = false

  validation {
    condition     = length(var.security_group_ids) > 0
    error_message = "Name one security group at least: without one EC2 takes the VPC's default group."
  }
}

variable "instance_profile" {
  type        = string
  description = "Instance profile whose role the host has."
  nullable    = false
}

variable "ssh_key_name" {
  type        = string
  description = "EC2 key pair that the account may log in with. Null: no key."
  default     = null
}

variable "volume_size" {
  type        = number
  description = "Root volume in GiB."
  default     = 16
  nullable    = false

  validation {
    condition     = var.volume_size >= 8 && var.volume_size <= 16384 && floor(var.volume_size) == var.volume_size
    error_message = "volume_size is ${var.volume_size} GiB: the images need 8, and gp3 takes 16384 at most."
  }
}

variable "tags" {
  type        = map(string)
  description = "What the host must know, as tags that the inventory reads. Secrets do not belong here."
  nullable    = false

  # Name and what default_tags add share the limit of 50.
  validation {
    condition     = length(var.tags) <= 40
    error_message = "The host has ${length(var.tags)} tags: EC2 takes 50, ten of which are left to Name and to default_tags."
  }

  validation {
    condition     = alltrue([for key in keys(var.tags) : can(regex("^[A-Za-z0-9 _.:/=+@-]{1,128}$", key)) && !startswith(lower(key), "aws:")])
    error_message = "A tag key must have 1 to 128 letters, digits, spaces and _.:/=+@- and not start with \"aws:\"; not so: ${join(", ", [for key in keys(var.tags) : key if !can(regex("^[A-Za-z0-9 _.:/=+@-]{1,128}$", key)) || startswith(lower(key), "aws:")])}."
  }

  validation {
    condition     = alltrue([for value in values(var.tags) : can(regex("^[A-Za-z0-9 _.:/=+@-]{1,256}$", value))])
    error_message = "A tag value must have 1 to 256 letters, digits, spaces and _.:/=+@-; not so: the value of ${join(", ", [for key, value in var.tags : key if !can(regex("^[A-Za-z0-9 _.:/=+@-]{1,256}$", value))])}."
  }
}

variable "session_manager" {
  type        = bool
  description = "Whether the first boot installs Session Manager's agent where the image has none."
  default     = false
  nullable    = false
}
