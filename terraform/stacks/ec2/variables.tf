# Which service, and where. The blueprint says the first, the environment the rest.

variable "app" {
  type        = string
  description = "Name of the application. With env it is part of every name that the stack gives."
  nullable    = false

  validation {
    condition     = can(regex(local.tag_rules.app.pattern, var.app)) && length(var.app) >= local.tag_rules.app.length[0] && length(var.app) <= local.tag_rules.app.length[1]
    error_message = "The application name is \"${var.app}\": it must have ${local.tag_rules.app.expects}, for example location-content."
  }
}

variable "env" {
  type        = string
  description = "Name of the environment: sandbox, dev, prod or one of your own."
  nullable    = false

  validation {
    condition     = can(regex(local.tag_rules.env.pattern, var.env))
    error_message = "The environment is \"${var.env}\": it must have ${local.tag_rules.env.expects}, for example dev."
  }
}

variable "region" {
  type        = string
  description = "AWS region."
  default     = "us-east-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region \"${var.region}\" is not written as AWS writes them: use for example us-east-1."
  }
}

variable "allowed_account_ids" {
  type        = list(string)
  description = "The accounts that this environment may be applied to. In any other the provider refuses to start."
  nullable    = false

  validation {
    condition     = length(var.allowed_account_ids) > 0 && alltrue([for id in var.allowed_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "Name the account of this environment: `make env ENV=${var.env}` writes allowed_account_ids into terraform/envs/${var.env}/account.tfvars.json."
  }

  validation {
    condition     = var.env == "sandbox" ? alltrue([for id in var.allowed_account_ids : id == "000000000000"]) : !contains(var.allowed_account_ids, "000000000000")
    error_message = "Account 000000000000 is the sandbox's, and the sandbox has no other: correct allowed_account_ids in the var-files of terraform/envs/${var.env}."
  }
}

variable "endpoint_url" {
  type        = string
  description = "Address of the sandbox's API. Null in AWS."
  default     = null

  validation {
    condition     = (var.env == "sandbox") == (var.endpoint_url != null)
    error_message = var.env == "sandbox" ? "The sandbox environment needs endpoint_url, for example http://127.0.0.1:4577." : "endpoint_url belongs to the sandbox environment only: remove it from terraform/envs/${var.env}/env.tfvars."
  }

  validation {
    condition     = var.endpoint_url == null || can(regex("^http://(127\\.0\\.0\\.1|localhost):[0-9]{2,5}$", var.endpoint_url))
    error_message = "The sandbox's API is on this machine only: endpoint_url must be http://127.0.0.1:<port> without a path."
  }
}

variable "endpoint_credentials" {
  type = object({
    access_key = string
    secret_key = string
  })
  description = "Keys that the sandbox's API takes; they are no secret. Null in AWS, where real keys never belong in a file."
  default     = null

  validation {
    condition     = (var.endpoint_credentials == null) == (var.endpoint_url == null)
    error_message = var.endpoint_url == null ? "endpoint_credentials are the sandbox's: remove them, and give AWS credentials by your profile or environment." : "endpoint_url needs endpoint_credentials beside it, or your own keys would be sent there."
  }
}

variable "protect_data" {
  type        = bool
  description = "Whether destroying is refused for a database and for buckets that hold objects."
  default     = true
  nullable    = false
}

variable "permissions_boundary_arn" {
  type        = string
  description = "Managed policy that limits what the hosts' role can be allowed, made by an administrator from policies/host-boundary.json. Null: slipway-boundary of the account."
  default     = null
}

# Network

variable "network" {
  type = object({
    mode        = string
    cidr        = optional(string)
    zone_count  = optional(number, 2)
    vpc_tags    = optional(map(string))
    subnet_tags = optional(map(string))
  })
  description = "mode \"new\" makes a VPC with the range cidr (10.20.0.0/16 if left out) in zone_count zones; \"existing\" uses the VPC and the subnet of existing_vpc_id and existing_subnet_id, or those that have vpc_tags and subnet_tags; \"default\" the account's default VPC."
  default     = { mode = "new" }
  nullable    = false

  validation {
    condition     = var.network.mode == "new" || var.network.cidr == null
    error_message = "network.cidr is the range of a new VPC: remove it, or set network.mode = \"new\"."
  }
}

variable "existing_vpc_id" {
  type        = string
  description = "VPC that is there already, for network.mode \"existing\"."
  default     = null
}

variable "existing_subnet_id" {
  type        = string
  description = "Public subnet of existing_vpc_id that the host is placed in."
  default     = null
}

variable "egress" {
  type        = string
  description = "How hosts reach the internet. This stack's hosts serve on a public address and use it to go out as well: \"public_ip\"."
  default     = "public_ip"
  nullable    = false

  validation {
    condition     = var.egress == "public_ip"
    error_message = "egress is \"${var.egress}\": the ec2 stack has hosts with public addresses only, so set egress = \"public_ip\". Behind a NAT gateway or endpoints nobody could call the service without a load balancer."
  }
}

variable "backend_http_cidrs" {
  type        = set(string)
  description = "Who reaches the application's port. Nobody unless set; [\"0.0.0.0/0\"] is everybody."
  default     = []
  nullable    = false
}

variable "https" {
  type        = bool
  description = "Whether port 443 is open to backend_http_cidrs as well. What answers there is HAProxy, given a certificate (slipway_certificate)."
  default     = false
  nullable    = false
}

variable "ssh_ingress_cidrs" {
  type        = set(string)
  description = "Who reaches SSH. Nobody unless set; the whole internet is refused."
  default     = []
  nullable    = false

  validation {
    condition     = length(var.ssh_ingress_cidrs) == 0 || var.ssh_key_name != null
    error_message = "SSH is opened but nobody could log in: set ssh_key_name to an EC2 key pair, or leave ssh_ingress_cidrs empty."
  }
}

# Host

variable "host_count" {
  type        = number
  description = "How many hosts, all alike and in turn in the network's public subnets. Each answers at its own address: what spreads requests over them is yours."
  default     = 1
  nullable    = false

  validation {
    condition     = var.host_count >= 1 && floor(var.host_count) == var.host_count
    error_message = "host_count is ${var.host_count}: a stack has one host at least, and whole ones."
  }
}

variable "instance_type" {
  type        = string
  description = "Size of the host, x86-64 or Graviton."
  default     = "t3.micro"
  nullable    = false
}

variable "ami" {
  type        = string
  description = "Image of the host: an AMI id. Null: the newest official Debian of debian_release at the time when the host is made."
  default     = null
}

variable "debian_release" {
  type        = string
  description = "Debian release of hosts that are made without ami: \"13\" or \"12\". A host that exists keeps its system."
  default     = "13"
  nullable    = false
}

variable "volume_size" {
  type        = number
  description = "Root volume of the host in GiB."
  default     = 16
  nullable    = false
}

variable "ssh_key_name" {
  type        = string
  description = "EC2 key pair whose key the account `slipway` takes. Null: no key."
  default     = null
}

variable "ssh_private_key_file" {
  type        = string
  description = "Where the private key lies on your machine. It is only printed, in ssh_command, and never read."
  default     = null
}

variable "session_manager" {
  type        = string
  description = "What Session Manager is used for: \"shell\", a person's shell by session_command; \"ssh\", Ansible's connection as well (slipway_connection: ssm); \"off\", nothing. Where it is used, the first boot installs its agent if the image has none."
  default     = "shell"
  nullable    = false

  validation {
    condition     = contains(["shell", "ssh", "off"], var.session_manager)
    error_message = "session_manager is \"${var.session_manager}\": set it to \"shell\", \"ssh\" or \"off\"."
  }

  # The session carries plain SSH, whose key the account takes from the key pair at its first boot.
  validation {
    condition     = var.session_manager != "ssh" || var.ssh_key_name != null
    error_message = "session_manager is \"ssh\", and SSH inside a session logs in with a key: set ssh_key_name to an EC2 key pair. A shell by session_command (\"shell\") needs none."
  }

  validation {
    condition     = var.session_manager == "off" || var.endpoint_url == null
    error_message = "The sandbox has no Session Manager: set session_manager = \"off\" in terraform/envs/${var.env}/env.tfvars."
  }
}

# Application

variable "backend_port" {
  type        = number
  description = "TCP port that the application answers on."
  default     = 8000
  nullable    = false

  # The service's account has no right to bind a lower port than the tag schema admits.
  validation {
    condition     = var.backend_port >= local.tag_rules.port.range[0] && var.backend_port <= local.tag_rules.port.range[1] && floor(var.backend_port) == var.backend_port
    error_message = "backend_port is ${var.backend_port}: choose ${local.tag_rules.port.expects}."
  }
}

variable "health_path" {
  type        = string
  description = "Path that answers 200 while the application is well."
  default     = "/health"
  nullable    = false

  validation {
    condition     = can(regex(local.tag_rules.health-path.pattern, var.health_path)) && length(var.health_path) <= local.tag_rules.health-path.length[1] && !strcontains(var.health_path, "..")
    error_message = "health_path is \"${var.health_path}\": it must be ${local.tag_rules.health-path.expects}, because a tag carries it, and have no \"..\"."
  }
}

variable "env_parameter_name" {
  type        = string
  description = "SSM parameter that holds the application's .env. Null: /slipway/<env>/<app>/env."
  default     = null

  # AWS reserves the two names for itself.
  validation {
    condition     = var.env_parameter_name == null || (can(regex(local.tag_rules.env-parameter.pattern, var.env_parameter_name)) && !can(regex("^/(aws|ssm)|[.][.]", lower(coalesce(var.env_parameter_name, "/")))))
    error_message = "env_parameter_name must be ${local.tag_rules.env-parameter.expects}, without \"..\", and not begin with /aws or /ssm, for example /slipway/dev/location-content/env."
  }

  validation {
    condition     = var.env_parameter_name != "/slipway/${var.env}/${var.app}/database-url"
    error_message = "env_parameter_name is the name under which the database's URL is kept: choose another, for example /slipway/${var.env}/${var.app}/env."
  }
}

variable "env_more_parameter_name" {
  type        = string
  description = "Second SSM parameter of the .env, for what does not fit in the first; its variables win. Null: none."
  default     = null

  validation {
    condition     = var.env_more_parameter_name == null || (can(regex(local.tag_rules.env-more-parameter.pattern, var.env_more_parameter_name)) && !can(regex("^/(aws|ssm)|[.][.]", lower(coalesce(var.env_more_parameter_name, "/")))))
    error_message = "env_more_parameter_name must be ${local.tag_rules.env-more-parameter.expects}, without \"..\", and not begin with /aws or /ssm, for example /slipway/dev/location-content/env-more."
  }

  validation {
    condition     = !contains([local.env_parameter, "/slipway/${var.env}/${var.app}/database-url"], coalesce(var.env_more_parameter_name, "none"))
    error_message = "env_more_parameter_name is the name of another parameter of this application: choose one of its own, for example /slipway/${var.env}/${var.app}/env-more."
  }
}

variable "env_required" {
  type        = bool
  description = "Whether a release stops where a parameter of the .env does not exist. If not, the .env then has what Slipway itself knows."
  default     = true
  nullable    = false
}

variable "backend_artifact_bucket" {
  type        = string
  description = "Bucket that is there already and holds the application's archive. It is read and never changed. Null: the stack's own."
  default     = null

  validation {
    condition     = var.backend_artifact_bucket == null || !contains(var.buckets, "artifacts")
    error_message = "Artifacts are in backend_artifact_bucket already: take \"artifacts\" out of `buckets`, or leave backend_artifact_bucket out to have a bucket made."
  }
}

variable "backend_artifact_key" {
  type        = string
  description = "Key of the application's archive. In the stack's own bucket the hosts may read its folder, elsewhere this object alone. Null: hosts without an application."
  default     = null

  # The tag has the bucket too, of which any valid name does here.
  validation {
    condition     = var.backend_artifact_key == null || (can(regex(local.tag_rules.artifact.pattern, "s3://any/${coalesce(var.backend_artifact_key, "none")}")) && !strcontains(coalesce(var.backend_artifact_key, "none"), ".."))
    error_message = "backend_artifact_key is \"${coalesce(var.backend_artifact_key, "null")}\": it must be the key of ${local.tag_rules.artifact.expects}, without \"..\", for example releases/app.zip."
  }

  validation {
    condition     = var.backend_artifact_bucket == null || var.backend_artifact_key != null
    error_message = "backend_artifact_bucket is set without backend_artifact_key: name the .zip in the bucket, for example releases/app.zip, or leave both out for a host without an application."
  }

  validation {
    condition     = var.backend_artifact_key == null || var.backend_artifact_bucket != null || contains(var.buckets, "artifacts")
    error_message = "backend_artifact_key is in no bucket: name one that exists by backend_artifact_bucket, or add \"artifacts\" to `buckets` to have one made."
  }
}

# Storage

variable "buckets" {
  type        = set(string)
  description = "The buckets to make beside that of the deployments: \"artifacts\" for archives, \"content\" for the application's objects, \"logs\" for access logs of the others and for the application's."
  default     = ["artifacts", "content", "logs"]
  nullable    = false

  validation {
    condition     = length(setsubtract(var.buckets, ["artifacts", "content", "logs"])) == 0
    error_message = "`buckets` has ${join(", ", setsubtract(var.buckets, ["artifacts", "content", "logs"]))}: choose from \"artifacts\", \"content\" and \"logs\"."
  }
}

variable "bucket_names" {
  type = object({
    logs        = optional(string)
    artifacts   = optional(string)
    content     = optional(string)
    deployments = optional(string)
  })
  description = "Names of the buckets where slipway-<env>-<app>-<logs|artifacts|content|deployments>-<account> does not suit."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for kind, name in var.bucket_names : name == null || kind == "deployments" || contains(var.buckets, kind)])
    error_message = "bucket_names has a name for ${join(", ", [for kind, name in var.bucket_names : kind if name != null && kind != "deployments" && !contains(var.buckets, kind)])}, which `buckets` does not have: add the kind there, or remove the name."
  }
}

variable "artifact_retention_days" {
  type        = number
  description = "Days that a replaced version of an artifact is kept: how far back a release can go."
  default     = 90
  nullable    = false
}

variable "log_retention_days" {
  type        = number
  description = "Days that logs are kept in the logs bucket."
  default     = 90
  nullable    = false
}

variable "deployment_retention_days" {
  type        = number
  description = "Days that the history of deployments is kept."
  default     = 365
  nullable    = false
}
