variable "env" {
  type        = string
  description = "Environment whose state the bucket holds."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.env))
    error_message = "The environment \"${var.env}\" must have 2 to 10 lower-case letters and digits and start with a letter, for example dev."
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
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id is \"${var.account_id}\": set the 12 digits that `aws sts get-caller-identity` prints."
  }

  validation {
    condition     = (var.env == "sandbox") == (var.account_id == "000000000000")
    error_message = "Account 000000000000 is the sandbox's, and the sandbox has no other: correct account_id."
  }
}

variable "bucket" {
  type        = string
  description = "Name of the bucket, as in envs/<env>/backend.hcl. Null: slipway-state-<env>-<account>."
  default     = null

  validation {
    condition     = var.bucket == null || can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "bucket is \"${coalesce(var.bucket, "null")}\": a bucket's name has 3 to 63 lower-case letters, digits and hyphens, none at either end. Correct it in envs/${var.env}/backend.hcl."
  }

  # What S3 keeps for itself: user guide, "General purpose bucket naming rules".
  validation {
    condition     = !can(regex("^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|--x-s3|--table-s3)$", coalesce(var.bucket, "none")))
    error_message = "bucket is \"${coalesce(var.bucket, "null")}\": S3 keeps names that begin with xn--, sthree- or amzn-s3-demo-, or end with -s3alias, --ol-s3, --x-s3 or --table-s3, for itself. Choose another in envs/${var.env}/backend.hcl."
  }
}

variable "endpoint" {
  type = object({
    url         = string
    access_key  = string
    secret_key  = string
    config_file = string
  })
  description = "The sandbox's API, the keys that it takes, and an AWS config file with an empty default profile. Null in AWS."
  default     = null

  validation {
    condition     = (var.env == "sandbox") == (var.endpoint != null)
    error_message = var.env == "sandbox" ? "The sandbox needs its endpoint." : "endpoint belongs to the sandbox: leave it out."
  }

  validation {
    condition     = var.endpoint == null || can(regex("^http://(127\\.0\\.0\\.1|localhost):[0-9]{2,5}$", var.endpoint.url))
    error_message = "The sandbox's API is on this machine only: endpoint.url must be http://127.0.0.1:<port> without a path."
  }
}

variable "adopt" {
  type        = bool
  description = "Whether the bucket exists already and is to be taken over where the state does not know it."
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
