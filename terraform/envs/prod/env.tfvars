# Production, in an AWS account of yours, better not the one that development uses.

env    = "prod"
region = "us-east-1"

# The account, as `aws sts get-caller-identity` prints it: ["123456789012"]. Nothing is planned until it is set, and
# nothing is ever applied to another account.
allowed_account_ids = []

# Who may call the application. ["0.0.0.0/0"] is everybody.
backend_http_cidrs = []

# Closed. A person gets a shell by `terraform output session_command` all the same. Ansible needs a key pair: name it, and
# either your own address here, or session_manager = "ssh" with slipway_connection: ssm in
# inventories/prod/group_vars/slipway.yml.
ssh_ingress_cidrs = []
# session_manager      = "ssh"
# ssh_key_name         = "prod"
# ssh_private_key_file = "~/.ssh/prod.pem"

# Refuses to delete the database and buckets that hold objects. Once protect_data is false, deleting the database takes a
# final snapshot: docs/terraform.md, "Destroying an environment".
protect_data            = true
database_final_snapshot = true
database_backup_days    = 14
database_multi_az       = true
