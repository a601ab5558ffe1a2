variable "env" {
  type        = string
  description = "Environment whose state the bucket holds."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.env)) && var.env != "sandbox"
    error_message = "The environment \"${var.env}\" must have 2 to 10 lower-case letters and digits and start with a letter, for example dev. The sandbox makes its state bucket itself."
  }
}

variable "region" {
  type        = string
  description = "Region of the bucket: the same as in envs/<env>/backend.hcl."
  default     = "us-east-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region \"${var.region}\" is not written as AWS writes them: use for example us-east-1."
  }
}

variable "account_id" {
  type        = string
  description = "Account that the bucket belongs to. With credentials of any other the provider refuses to start."
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id)) && var.account_id != "000000000000"
    error_message = "account_id is \"${var.account_id}\": set the 12 digits that `aws sts get-caller-identity` prints."
  }
}

variable "adopt" {
  type        = bool
  description = "Whether the bucket exists already and is to be taken over, for example on a second machine."
  default     = false
  nullable    = false
}

variable "version_retention_days" {
  type        = number
  description = "Days that replaced versions of a state are kept. The twenty newest stay whatever their age."
  default     = 365
  nullable    = false

  validation {
    condition     = var.version_retention_days >= 30 && floor(var.version_retention_days) == var.version_retention_days
    error_message = "version_retention_days is ${var.version_retention_days}: keep old states for 30 days at least, they are the only way back from a damaged one."
  }
}
