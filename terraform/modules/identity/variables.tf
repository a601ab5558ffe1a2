variable "name" {
  type        = string
  description = "Name of the role, its policy and the instance profile."
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.name))
    error_message = "The role name \"${var.name}\" must have 1 to 64 of IAM's characters (letters, digits and +=,.@_-): shorten app or env."
  }
}

variable "region" {
  type        = string
  description = "Region of the parameters and the hosts."
  nullable    = false
}

variable "account_id" {
  type        = string
  description = "Account of the parameters and the hosts."
  nullable    = false
}

variable "partition" {
  type        = string
  description = "AWS partition of every ARN: aws, aws-cn or aws-us-gov."
  default     = "aws"
  nullable    = false
}

variable "parameter_names" {
  type        = list(string)
  description = "SSM parameters that the host reads, each with a leading slash."
  nullable    = false

  validation {
    condition     = length(var.parameter_names) > 0 && alltrue([for name in var.parameter_names : can(regex("^/[A-Za-z0-9_./-]*[A-Za-z0-9_.-]$", name))])
    error_message = "parameter_names must hold one name at least, each a path such as /slipway/dev/app/env without wildcards."
  }
}

variable "buckets" {
  type = object({
    logs      = string
    artifacts = string
    content   = string
  })
  description = "Names of the three buckets."
  nullable    = false
}

variable "artifact_prefix" {
  type        = string
  description = "Prefix in the artifacts bucket that the host may read, ending in a slash. Null: the host reads no artifact."
  default     = null

  validation {
    condition     = var.artifact_prefix == null || can(regex("^[A-Za-z0-9!_.'()/-]+/$", var.artifact_prefix))
    error_message = "artifact_prefix must end in \"/\" and hold no wildcard, for example releases/."
  }
}
