variable "buckets" {
  type        = map(string)
  description = "The buckets to make: names by kind, which is logs, artifacts, content or deployments. Accesses are logged where there is a bucket for logs."
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.buckets), ["logs", "artifacts", "content", "deployments"])) == 0
    error_message = "There are buckets of the kinds logs, artifacts, content and deployments, not ${join(", ", setsubtract(keys(var.buckets), ["logs", "artifacts", "content", "deployments"]))}: correct `buckets`."
  }

  validation {
    condition     = alltrue([for name in values(var.buckets) : can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", name))])
    error_message = "A bucket name must have 3 to 63 lower-case letters, digits and hyphens, none at either end (a dot would break TLS); not so: ${join(", ", [for name in values(var.buckets) : name if !can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", name))])}. Set bucket_names, or shorten app."
  }

  # What S3 keeps for itself: user guide, "General purpose bucket naming rules".
  validation {
    condition     = alltrue([for name in values(var.buckets) : !can(regex("^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|--x-s3|--table-s3)$", name))])
    error_message = "S3 keeps bucket names that begin with xn--, sthree- or amzn-s3-demo-, or end with -s3alias, --ol-s3, --x-s3 or --table-s3, for itself: rename ${join(", ", [for name in values(var.buckets) : name if can(regex("^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|--x-s3|--table-s3)$", name))])} in bucket_names."
  }

  validation {
    condition     = length(distinct(values(var.buckets))) == length(var.buckets)
    error_message = "Each bucket needs a name of its own: check bucket_names."
  }
}

variable "app" {
  type        = string
  description = "Application whose deployments are kept: their history lies under <app>/history/."
  nullable    = false
}

variable "account_id" {
  type        = string
  description = "Account of the buckets: the only one whose access logs are taken."
  nullable    = false
}

variable "partition" {
  type        = string
  description = "AWS partition of every ARN: aws, aws-cn or aws-us-gov."
  default     = "aws"
  nullable    = false
}

variable "protect_data" {
  type        = bool
  description = "Whether a bucket that still holds objects refuses to be destroyed."
  nullable    = false
}

variable "artifact_retention_days" {
  type        = number
  description = "Days that a replaced version of an artifact is kept."
  default     = 90
  nullable    = false

  validation {
    condition     = var.artifact_retention_days >= 1 && floor(var.artifact_retention_days) == var.artifact_retention_days
    error_message = "artifact_retention_days is ${var.artifact_retention_days}: set a whole number of days, 1 at least."
  }
}

variable "log_retention_days" {
  type        = number
  description = "Days that logs are kept."
  default     = 90
  nullable    = false

  validation {
    condition     = var.log_retention_days >= 1 && floor(var.log_retention_days) == var.log_retention_days
    error_message = "log_retention_days is ${var.log_retention_days}: set a whole number of days, 1 at least."
  }
}

variable "deployment_retention_days" {
  type        = number
  description = "Days that the history of deployments is kept."
  default     = 365
  nullable    = false

  validation {
    condition     = var.deployment_retention_days >= 1 && floor(var.deployment_retention_days) == var.deployment_retention_days
    error_message = "deployment_retention_days is ${var.deployment_retention_days}: set a whole number of days, 1 at least."
  }
}
