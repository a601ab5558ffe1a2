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

variable "permissions_boundary_arn" {
  type        = string
  description = "Managed policy that limits what the role's policies can allow. It must exist."
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9+=,.@_/-]+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn is \"${var.permissions_boundary_arn}\": it must be the ARN of a managed policy, for example arn:aws:iam::123456789012:policy/slipway-boundary."
  }
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
    logs      = optional(string)
    artifacts = optional(string)
    content   = optional(string)
  })
  description = "Names of the buckets that the host uses. Without one there is no permission for it."
  default     = {}
  nullable    = false
}

variable "artifact_objects" {
  type        = string
  description = "What the host may read of the artifacts bucket: the key of an object, or all of a folder, as in releases/*. Null: the host reads no artifact."
  default     = null

  validation {
    condition     = var.artifact_objects == null || can(regex("^([A-Za-z0-9_.@=+-]+/)*([A-Za-z0-9_.@=+-]+|[A-Za-z0-9_.@=+-]+/[*])$", var.artifact_objects))
    error_message = "artifact_objects must be a key or a folder with \"/*\" behind it and hold no other wildcard, for example releases/app.zip or releases/*."
  }

  validation {
    condition     = var.artifact_objects == null || var.buckets.artifacts != null
    error_message = "artifact_objects are in a bucket: set buckets.artifacts."
  }
}
